"""Go on beyond the borders of maps: reflected, or from the other side."""

import torch
import torch.nn.functional as F
from torch import Tensor


def mirrored(at: Tensor, length: int) -> Tensor:
    """Where places outside of a line come from when its ends are mirrors.

    Example:
        >>> mirrored(torch.arange(-3, 5), 3).tolist()
        [1, 2, 1, 0, 1, 2, 1, 0]
    """
    # A triangular wave, so that a line of two pixels reflects as well.
    period = max(2 * (length - 1), 1)
    at = at % period
    return torch.minimum(at, period - at) % length


def pad_reflected(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    """As torch pads with ``mode='reflect'``.

    On a GPU the gradients of that hang on chance, and
    ``torch.use_deterministic_algorithms`` (the hosts'
    ``randomness.deterministic``) refuses them. Then, and for maps that torch
    finds too small, rows and columns are picked one by one.

    Args:
        x (Tensor): Maps, shape (..., H, W).
        sides (tuple[int, int, int, int]): Pixels at the left, the right,
            above and below.

    Returns:
        Tensor: Shape (..., top + H + bottom, left + W + right).

    Example:
        >>> pad_reflected(torch.tensor([[[1.0, 2, 3]]]), (2, 1, 0, 0))
        tensor([[[3., 2., 1., 2., 3., 2.]]])
    """
    axes = ((-1, sides[:2]), (-2, sides[2:]))
    fits = all(max(added) < x.shape[dim] for dim, added in axes)
    if fits and not torch.are_deterministic_algorithms_enabled():
        return F.pad(x, sides, mode='reflect')
    for dim, (before, after) in axes:
        if before or after:
            length = x.shape[dim]
            at = torch.arange(-before, length + after, device=x.device)
            x = x.index_select(dim, mirrored(at, length))
    return x


def pad_wrapped(x: Tensor, sides: tuple[int, int, int, int]) -> Tensor:
    """As torch pads with ``mode='circular'``, whatever the size of the map.

    Torch's own padding loses ``channels_last``, in which a net of few
    channels is fast. Shapes are those of :func:`pad_reflected`.

    Example:
        >>> pad_wrapped(torch.tensor([[[1.0, 2, 3]]]), (2, 1, 0, 0))
        tensor([[[2., 3., 1., 2., 3., 1.]]])
    """
    for dim, (before, after) in ((-2, sides[2:]), (-1, sides[:2])):
        length = x.shape[dim]
        if max(before, after) <= length:
            # Empty parts lose the format as well.
            parts = [(length - before, before), (0, length), (0, after)]
            kept = [x.narrow(dim, *part) for part in parts if part[1]]
            x = torch.cat(kept, dim)
        else:
            at = torch.arange(-before, length + after, device=x.device)
            x = x.index_select(dim, at % length)
    return x
