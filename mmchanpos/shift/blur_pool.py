"""BlurPool: low-pass before subsampling (Zhang, ICML 2019)."""

from math import comb

import torch
import torch.nn.functional as F
from torch import nn

from mmchanpos.errors import InputError, nearest
from mmchanpos.reflection import pad_reflected, pad_wrapped

_PADDINGS = ('reflect', 'replicate', 'circular', 'zeros')


class BlurPool(nn.Module):
    """Blur every channel with a binomial filter, then keep every s-th pixel.

    The filter is no parameter and stays out of the state dict, so a network
    loads the weights of its plain form unchanged.

    Args:
        filt (int): Side of the filter, 1 (plain subsampling) to 7.
            Defaults to 3.
        stride (int): Keep one of ``stride`` pixels. Defaults to 2.
        padding_mode (str): ``reflect``, ``replicate``, ``circular`` or
            ``zeros``. Defaults to ``'reflect'``.

    Example:
        >>> BlurPool(filt=7)(torch.ones(1, 3, 2, 2)).shape
        torch.Size([1, 3, 1, 1])
        >>> BlurPool(filt=3).kernel[:, 1].tolist()
        [0.125, 0.25, 0.125]
    """

    def __init__(
        self, filt: int = 3, stride: int = 2, padding_mode: str = 'reflect'
    ) -> None:
        super().__init__()
        if not (isinstance(filt, int) and 1 <= filt <= 7):
            raise InputError(
                f'filt={filt} of a BlurPool: an integer of 1 to 7 was wanted.'
            )
        if not (isinstance(stride, int) and stride >= 1):
            raise InputError(
                f'stride={stride} of a BlurPool: an integer of 1 or more was '
                'wanted.'
            )
        if padding_mode not in _PADDINGS:
            raise InputError(
                f'padding_mode="{padding_mode}" of a BlurPool. '
                f'{nearest(padding_mode, _PADDINGS)}'
            )
        self.filt, self.stride = filt, stride
        self.padding_mode = padding_mode
        line = torch.tensor([float(comb(filt - 1, k)) for k in range(filt)])
        line = line / line.sum()
        self.kernel: torch.Tensor
        self.register_buffer(
            'kernel', line[:, None] * line[None], persistent=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, C, H, W) to (B, C, ceil(H / s), ceil(W / s))."""
        if self.filt == 1:
            return x[..., :: self.stride, :: self.stride]
        channels = x.shape[1]
        kernel = self.kernel.to(x.dtype).expand(channels, 1, -1, -1)
        x = pad(x, (self.filt - 1) // 2, self.filt // 2, self.padding_mode)
        return F.conv2d(x, kernel, stride=self.stride, groups=channels)

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return (
            f'filt={self.filt}, stride={self.stride}, '
            f'padding_mode={self.padding_mode}'
        )


def pad(x: torch.Tensor, before: int, after: int, mode: str) -> torch.Tensor:
    """Pad height and width on maps of any size, even 1x1.

    ``torch.nn.functional.pad`` refuses to reflect or wrap more pixels than
    there are, which the last maps of a CIFAR network run into.

    Args:
        x (torch.Tensor): Maps, shape (B, C, H, W).
        before (int): Rows above and columns on the left.
        after (int): Rows below and columns on the right.
        mode (str): As of :class:`BlurPool`.
    """
    sides = (before, after, before, after)
    if mode == 'zeros':
        return F.pad(x, sides)
    if mode == 'reflect':
        return pad_reflected(x, sides)
    if mode == 'replicate':
        return F.pad(x, sides, mode=mode)
    return pad_wrapped(x, sides)
