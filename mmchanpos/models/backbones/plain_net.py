"""A chain of convolutions whose latent has nothing to fall back on."""

from typing import Optional, Sequence

from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS


@MODELS.register_module()
class PlainNet(BaseModule):
    """Eight 3x3 convolutions with norm and ReLU, at output stride 8.

    Without shortcuts a channel of the latent is what the last convolution
    found and nothing else, so an attack on a small training says something
    in a minute; the latent of an equally small ResNet repeats itself.

    Args:
        widths (Sequence[int]): Channels after each convolution.
        strides (Sequence[int]): Of each convolution.
        dilations (Sequence[int]): Of each convolution.
        norm_cfg (dict): Defaults to batch norm.
        init_cfg (dict, optional): Defaults to None, mmcv's own weights.

    Example:
        >>> import torch
        >>> PlainNet()(torch.zeros(1, 3, 64, 128))[0].shape
        torch.Size([1, 128, 8, 16])
    """

    def __init__(
        self,
        widths: Sequence[int] = (24, 32, 48, 64, 96, 96, 128, 128),
        strides: Sequence[int] = (2, 1, 2, 1, 2, 1, 1, 1),
        dilations: Sequence[int] = (1, 1, 1, 1, 1, 2, 4, 4),
        norm_cfg: Optional[dict] = None,
        init_cfg: Optional[dict] = None,
    ) -> None:
        super().__init__(init_cfg)
        if not len(widths) == len(strides) == len(dilations) > 0:
            raise InputError(
                f'{len(widths)} widths, {len(strides)} strides and '
                f'{len(dilations)} dilations: PlainNet wants one of each for '
                'every convolution.'
            )
        self.layers = nn.Sequential()
        channels = 3
        for width, stride, dilation in zip(widths, strides, dilations):
            self.layers.append(
                ConvModule(
                    channels,
                    width,
                    3,
                    stride=stride,
                    padding=dilation,
                    dilation=dilation,
                    norm_cfg=norm_cfg or dict(type='BN'),
                )
            )
            channels = width

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """The latent of images (B, 3, H, W), (B, C, H / 8, W / 8), alone."""
        return (self.layers(x),)
