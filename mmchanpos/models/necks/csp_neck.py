"""The neck of CSP: three stages at stride 4, each normalised, as one map."""

from typing import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS


class L2Norm(nn.Module):
    """Scale the channels of each pixel to norm one, then by learnt weights.

    Args:
        channels (int): Number of channels C.
        weight (float): What the weights start from. Defaults to 10.
    """

    def __init__(self, channels: int, weight: float = 10.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), float(weight)))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape, in float32 throughout."""
        # vector_norm, as the gradient of sqrt(sum(x ** 2)) is NaN at 0.
        wide = x.float()
        norm = torch.linalg.vector_norm(wide, dim=1, keepdim=True) + 1e-10
        return (self.weight[:, None, None] * wide / norm).type_as(x)


@MODELS.register_module()
class CSPNeck(BaseModule):
    """Deconvolve backbone stages to one stride, normalise, concatenate.

    Args:
        in_channels (Sequence[int]): Channels of the stages. Defaults to
            ``(512, 1024, 2048)``, those of ResNet-50.
        out_channels (int): Channels of each stage in the latent. Defaults to
            256, which makes a latent of 768.
        strides (Sequence[int]): How much each stage is enlarged, 2 or 4.
            Defaults to ``(2, 4, 4)``.
        init_cfg (dict, optional): Defaults to None, as in Pedestron.
    """

    def __init__(
        self,
        in_channels: Sequence[int] = (512, 1024, 2048),
        out_channels: int = 256,
        strides: Sequence[int] = (2, 4, 4),
        init_cfg=None,
    ) -> None:
        super().__init__(init_cfg)
        if len(in_channels) != len(strides) or not set(strides) <= {2, 4}:
            raise InputError(
                'One stride of 2 or 4 per stage was wanted, got strides='
                f'{tuple(strides)} for in_channels={tuple(in_channels)}.'
            )
        self.deconvs = nn.ModuleList(
            nn.ConvTranspose2d(
                channels, out_channels, 4, stride, padding=(4 - stride) // 2
            )
            for channels, stride in zip(in_channels, strides)
        )
        self.norms = nn.ModuleList(L2Norm(out_channels) for _ in in_channels)

    def forward(self, stages: Sequence[Tensor]) -> tuple[Tensor]:
        """Join the stages.

        Args:
            stages (Sequence[Tensor]): One map per stage, each
                (B, in_channels[i], H_i, W_i).

        Returns:
            tuple[Tensor]: One map (B, len(stages) * out_channels, H, W).
        """
        maps = [
            norm(deconv(stage))
            for stage, deconv, norm in zip(stages, self.deconvs, self.norms)
        ]
        shapes = {tuple(m.shape[2:]) for m in maps}
        if len(shapes) > 1:
            raise InputError(
                f'The stages come to maps of {sorted(shapes)} cells; images '
                'whose sides are multiples of 16 were wanted. Set '
                'data_preprocessor.pad_size_divisor=16.'
            )
        return (torch.cat(maps, dim=1),)
