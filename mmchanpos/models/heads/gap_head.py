"""A head without a linear layer: the pooled channels are the logits."""

from typing import Sequence

import torch
from mmpretrain.models.heads import ClsHead
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS


@MODELS.register_module()
class GAPHead(ClsHead):
    """Convolve to one channel per class, then pool: GAPNet (Sec. 3.1).

    With ``kernel_size=1`` convolution and pooling commute, and the head is a
    linear read-out of the pooled latent; it then takes pooled features
    (B, C) as well. With the authors' 3x3 kernel and its zero padding it also
    sees sums over rows and columns next to the border.

    Args:
        num_classes (int): K, the number of logits.
        in_channels (int): C, the channels of the latent.
        kernel_size (int): 1 or 3. Defaults to 3, as in the authors' code.
        **kwargs: As in :class:`mmpretrain.models.ClsHead`.

    Example:
        >>> head = GAPHead(num_classes=9, in_channels=8)
        >>> head((torch.rand(2, 8, 6, 4),)).shape
        torch.Size([2, 9])
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        kernel_size: int = 3,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if num_classes < 1:
            raise InputError(f'num_classes={num_classes}: at least 1.')
        if kernel_size not in (1, 3):
            raise InputError(
                f'kernel_size={kernel_size}: 3 is as published, 1 makes the '
                'head a linear read-out of the pooled latent.'
            )
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.kernel_size = kernel_size
        self.conv = nn.Conv2d(
            in_channels, num_classes, kernel_size, padding=kernel_size // 2
        )

    def pre_logits(self, feats: Sequence[Tensor]) -> Tensor:
        """Latent (B, C, H, W) of the last stage; (B, C) becomes 1x1."""
        latent = feats[-1]
        if latent.ndim == 2:
            latent = latent[..., None, None]
        if latent.ndim != 4 or latent.shape[1] != self.in_channels:
            raise InputError(
                f'GAPHead was built for {self.in_channels} channels, but its '
                f'input has shape {tuple(latent.shape)}: set in_channels to '
                'the width of the stage before it.'
            )
        return latent

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Logits (B, K)."""
        return torch.mean(self.conv(self.pre_logits(feats)), dim=(2, 3))
