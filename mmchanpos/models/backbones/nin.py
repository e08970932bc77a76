"""Network in Network, the first net that ended in global average pooling."""

from typing import Optional, Sequence

from mmcv.cnn import ConvModule
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS

#: Per stage: kernel of its first convolution, widths of all three.
STAGES = ((5, (192, 160, 96)), (5, (192, 192, 192)), (3, (192, 192, 192)))


@MODELS.register_module()
class NIN(BaseBackbone):
    """Backbone of Network in Network (Lin et al., ICLR 2014).

    Three stages of one spatial convolution and two 1x1 convolutions; a
    pooling of stride 2 and dropout lie between them. The layer of the
    original that maps to classes is :class:`.GAPHead`.

    Args:
        in_channels (int): Channels of the image. Defaults to 3.
        width (float): Factor on all channels. Defaults to 1.0.
        dropout (float): Defaults to 0.5.
        out_indices (Sequence[int]): Stages to return. Defaults to the last.
        norm (str, optional): Type of normalisation. The original has none,
            and needs a long schedule. Defaults to ``'BN'``.
        init_cfg (dict, optional): Defaults to None, torch's own weights.

    Example:
        >>> import torch
        >>> NIN(width=0.25)(torch.zeros(1, 3, 96, 96))[0].shape
        torch.Size([1, 48, 24, 24])
    """

    def __init__(
        self,
        in_channels: int = 3,
        width: float = 1.0,
        dropout: float = 0.5,
        out_indices: Sequence[int] = (2,),
        norm: Optional[str] = 'BN',
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if not set(out_indices) <= {0, 1, 2}:
            raise InputError(
                f'out_indices={tuple(out_indices)}: NIN has the stages 0, 1 '
                'and 2.'
            )
        self.out_indices = tuple(out_indices)
        pools = (nn.Identity, nn.MaxPool2d, nn.AvgPool2d)
        for i, ((kernel, widths), pool) in enumerate(zip(STAGES, pools)):
            layers = []
            if i:
                layers += [pool(3, stride=2, padding=1), nn.Dropout(dropout)]
            for k, channels in zip((kernel, 1, 1), widths):
                channels = max(1, round(width * channels))
                layers.append(
                    ConvModule(
                        in_channels,
                        channels,
                        k,
                        padding=k // 2,
                        norm_cfg=norm and dict(type=norm),
                    )
                )
                in_channels = channels
            self.add_module(f'stage{i + 1}', nn.Sequential(*layers))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Latents (B, C, H, W) of the stages asked for."""
        outs = []
        for i in range(3):
            x = getattr(self, f'stage{i + 1}')(x)
            if i in self.out_indices:
                outs.append(x)
        return tuple(outs)
