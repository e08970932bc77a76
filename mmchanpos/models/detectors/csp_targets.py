"""What CSP is trained to put out for given boxes."""

from typing import Any, NamedTuple, Sequence

import torch
from torch import Tensor

#: A person's height is learnt in a square of 5 x 5 cells.
RADIUS = 2


class CSPTargets(NamedTuple):
    """Target maps of a batch, all float32.

    Attributes:
        center (Tensor): 1 in the cell of each centre, (B, 1, H, W).
        gaussian (Tensor): Nearness to a centre, (B, 1, H, W).
        mask (Tensor): 0 where nothing is learnt, (B, 1, H, W).
        scale (Tensor): Log of the height in cells, then that of the width if
            it is predicted, (B, 1 or 2, H, W).
        scale_mask (Tensor): Where a scale is learnt, (B, 1, H, W).
        offset (Tensor): Rest of the centre, y then x, learnt where ``center``
            is 1, (B, 2, H, W).
    """

    center: Tensor
    gaussian: Tensor
    mask: Tensor
    scale: Tensor
    scale_mask: Tensor
    offset: Tensor


def csp_targets(
    boxes: Sequence[Tensor],
    ignored: Sequence[Tensor],
    shape: tuple[int, int],
    stride: int = 4,
    with_width: bool = False,
) -> CSPTargets:
    """Draw the target maps of a batch.

    Where public code starts a slice below 0, near the border, it writes
    nothing; here the square is cut at the border instead.

    Args:
        boxes (Sequence[Tensor]): People to be found, x1, y1, x2, y2 in
            pixels, one (n, 4) per image.
        ignored (Sequence[Tensor]): Regions to learn nothing from, alike.
        shape (tuple[int, int]): Height and width of the maps in cells.
        stride (int): Pixels per cell. Defaults to 4.
        with_width (bool): Whether widths are predicted. Defaults to False.

    Returns:
        CSPTargets: On the device of the first boxes.
    """
    batch = [
        _draw(_cells(b, stride), _cells(i, stride), shape, with_width)
        for b, i in zip(boxes, ignored)
    ]
    return CSPTargets(*(torch.stack(maps).float() for maps in zip(*batch)))


def gaussian(at: Tensor, cells: Tensor) -> Tensor:
    """Bell over a number of cells k, 1 at ``k // 2`` and 0 beyond its ends.

    Args:
        at (Tensor): Places, 0 to k - 1 for those of the window.
        cells (Tensor): Length k of the window.

    Returns:
        Tensor: In the common shape of both.

    Example:
        >>> bell = gaussian(torch.arange(-1, 5), torch.tensor(4.0))
        >>> [round(value, 2) for value in bell.tolist()]
        [0.0, 0.11, 0.57, 1.0, 0.57, 0.0]
    """
    sigma = 0.3 * ((cells - 1) / 2 - 1) + 0.8
    bell = torch.exp(-((at - cells // 2) ** 2) / (2 * sigma**2))
    return bell * ((at >= 0) & (at < cells))


def _cells(boxes: Any, stride: int) -> Tensor:
    boxes = getattr(boxes, 'tensor', boxes)
    return boxes.detach().double().reshape(-1, 4) / stride


def _draw(
    boxes: Tensor, ignored: Tensor, shape: tuple[int, int], with_width: bool
) -> tuple[Tensor, ...]:
    """The maps of one image.

    All people are drawn at once, as on a GPU a look at each of them would
    have to wait for the network.
    """
    rows, columns = (
        torch.arange(size, device=boxes.device).double() for size in shape
    )
    x1, y1, x2, y2 = ignored.clamp(min=0)[:, :, None].unbind(1)
    hidden = _outer(
        (rows >= y1.floor()) & (rows < y2.ceil()),
        (columns >= x1.floor()) & (columns < x2.ceil()),
    )
    # Number 0 is nobody.
    boxes = torch.cat([boxes.new_zeros(1, 4), boxes.clamp(min=0)])
    x1, y1, x2, y2 = boxes[:, :, None].unbind(1)
    height, width = y2 - y1, x2 - x1
    # A crop may leave a line of a person.
    real = (height > 0) & (width > 0)
    top, left = y1.ceil(), x1.ceil()
    tall, wide = (y2.floor() - top).clamp(min=0), (x2.floor() - left).clamp(0)
    down = gaussian(rows - top, tall) * real
    bell = _outer(down, gaussian(columns - left, wide)).amax(0)
    seen = _outer(down > 0, (columns >= left) & (columns < left + wide))
    y, x = (y1 + y2) / 2, (x1 + x2) / 2
    cy = y.floor().clamp(max=shape[0] - 1)
    cx = x.floor().clamp(max=shape[1] - 1)
    # Who comes later takes the cell.
    numbers = torch.arange(len(boxes), device=boxes.device)[:, None, None]
    here = _outer((rows == cy) & real, columns == cx)
    center = (numbers * here).amax(0)
    square = _outer(
        ((rows - cy).abs() <= RADIUS) & real, (columns - cx).abs() <= RADIUS
    )
    sized = (numbers * square).amax(0)
    offsets = torch.cat([y - cy - 0.5, x - cx - 0.5], dim=1)
    sizes = torch.cat([height, width][: 1 + with_width], dim=1)
    return (
        (center > 0)[None],
        bell[None],
        (~hidden.any(0) | seen.any(0))[None],
        _spread(sizes.where(real, torch.ones_like(sizes)).log(), sized),
        (sized > 0)[None],
        _spread(offsets * (numbers[:, :, 0] > 0), center),
    )


def _outer(down: Tensor, across: Tensor) -> Tensor:
    return down[:, :, None] * across[:, None, :]


def _spread(values: Tensor, numbers: Tensor) -> Tensor:
    """Values (n, K) of whoever holds each cell (H, W), as (K, H, W)."""
    return values.t()[:, numbers.flatten()].reshape(-1, *numbers.shape)
