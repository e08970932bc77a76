"""Adaptive polyphase sampling (Chaman and Dokmanic, CVPR 2021)."""

from typing import Optional

import torch
import torch.nn.functional as F
from torch import nn

from mmchanpos.errors import InputError

from .blur_pool import BlurPool


class Phase:
    """The sampling phase that the branches of a residual block share.

    A sum of two branches is only consistent if both were sampled at the same
    phase: the branch that runs first chooses, the other follows.
    """

    def __init__(self) -> None:
        self.chosen: Optional[torch.Tensor] = None

    def reset(self, *_) -> None:
        """Forget the choice of an earlier forward; fits a forward hook."""
        self.chosen = None

    def of(self, norms: torch.Tensor) -> torch.Tensor:
        """Take the first branch's choice, or make it from (B, s * s) norms."""
        if self.chosen is not None and self.chosen.shape == norms.shape[:1]:
            chosen, self.chosen = self.chosen, None
            return chosen
        self.chosen = norms.argmax(1)
        return self.chosen


class APS(nn.Module):
    """Keep, of the s x s ways to subsample a map, the one of largest norm.

    The choice moves with the content, so with circular padding the output
    for a rolled input is the rolled output, exactly.

    Args:
        stride (int): s, any integer. Defaults to 2.
        filt (int): Side of a blur before sampling, as of
            :class:`~mmchanpos.shift.BlurPool`; 1 for none. Defaults to 1.
        padding_mode (str): Padding of the blur. Defaults to ``'circular'``.
        phase (Phase, optional): Shared with another layer of the block.

    Example:
        >>> x = torch.rand(1, 2, 6, 6)
        >>> pool = APS(stride=3)
        >>> rolled = pool(x.roll((1, 2), (-2, -1)))
        >>> found = [pool(x).roll((i, j), (-2, -1)) for i in (0, 1)
        ...          for j in (0, 1)]
        >>> any(torch.equal(rolled, f) for f in found)
        True
    """

    def __init__(
        self,
        stride: int = 2,
        filt: int = 1,
        padding_mode: str = 'circular',
        phase: Optional[Phase] = None,
    ) -> None:
        super().__init__()
        if not (isinstance(stride, int) and stride >= 1):
            raise InputError(
                f'stride={stride} of an APS layer: an integer of 1 or more '
                'was wanted.'
            )
        self.stride = stride
        self.blur = BlurPool(filt, 1, padding_mode)
        self.phase = phase

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (B, C, H, W) to (B, C, ceil(H / s), ceil(W / s)).

        Sides that s does not divide are completed by wrapping around; the
        invariance is then no longer exact.
        """
        s = self.stride
        x = self.blur(x)
        short = (-x.shape[-1] % s, -x.shape[-2] % s)
        if any(short):
            x = F.pad(x, (0, short[0], 0, short[1]), mode='circular')
        b, c, h, w = x.shape
        phases = x.view(b, c, h // s, s, w // s, s)
        phases = phases.permute(0, 3, 5, 1, 2, 4).reshape(
            b, s * s, c, h // s, w // s
        )
        # Summed in double precision: the order in which a rolled map is
        # summed must not decide between two phases.
        norms = torch.linalg.vector_norm(
            phases.detach(), 2, (2, 3, 4), dtype=torch.float64
        )
        chosen = (self.phase or Phase()).of(norms)
        return phases[torch.arange(b, device=x.device), chosen]

    def extra_repr(self) -> str:
        """What ``print(model)`` shows."""
        return f'stride={self.stride}'
