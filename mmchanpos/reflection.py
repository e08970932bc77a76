"""Reflect the borders of maps, repeatably where that is asked for."""

from typing import Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_reflected(x: Tensor, sides: Tuple[int, int, int, int]) -> Tensor:
    """As torch pads with ``mode='reflect'``.

    On a GPU the gradients of that hang on chance, and
    ``torch.use_deterministic_algorithms`` (the hosts'
    ``randomness.deterministic``) refuses them; then rows and columns are
    picked one by one.

    Args:
        x (Tensor): Maps, shape (..., H, W), larger than what is added.
        sides (Tuple[int, int, int, int]): Pixels at the left, the right,
            above and below.

    Returns:
        Tensor: Shape (..., top + H + bottom, left + W + right).

    Example:
        >>> pad_reflected(torch.tensor([[[1.0, 2, 3]]]), (2, 1, 0, 0))
        tensor([[[3., 2., 1., 2., 3., 2.]]])
    """
    if not torch.are_deterministic_algorithms_enabled():
        return F.pad(x, sides, mode='reflect')
    for dim, (before, after) in ((-1, sides[:2]), (-2, sides[2:])):
        if before or after:
            last = x.shape[dim] - 1
            at = torch.arange(-before, last + 1 + after, device=x.device)
            x = x.index_select(dim, last - (last - at.abs()).abs())
    return x
