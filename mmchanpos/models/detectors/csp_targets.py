"""What CSP is trained to put out for given boxes."""

from math import ceil, log
from typing import NamedTuple, Sequence, Tuple

import numpy as np
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
    shape: Tuple[int, int],
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
        shape (Tuple[int, int]): Height and width of the maps in cells.
        stride (int): Pixels per cell. Defaults to 4.
        with_width (bool): Whether widths are predicted. Defaults to False.

    Returns:
        CSPTargets: On the device of the first boxes.
    """
    batch = [
        _draw(_cells(b, stride), _cells(i, stride), shape, with_width)
        for b, i in zip(boxes, ignored)
    ]
    device = boxes[0].device
    return CSPTargets(
        *(
            torch.from_numpy(np.stack(maps)).to(device, torch.float32)
            for maps in zip(*batch)
        )
    )


def gaussian(cells: int) -> np.ndarray:
    """Bell over a number of cells, 1 at ``cells // 2``.

    Args:
        cells (int): Length k of the window.

    Returns:
        np.ndarray: Shape (k, ).
    """
    sigma = 0.3 * ((cells - 1) / 2 - 1) + 0.8
    i = np.arange(cells)
    return np.exp(-((i - cells // 2) ** 2) / (2 * sigma**2))


def _cells(boxes: Tensor, stride: int) -> np.ndarray:
    boxes = getattr(boxes, 'tensor', boxes)
    return boxes.detach().cpu().double().numpy().reshape(-1, 4) / stride


def _draw(boxes, ignored, shape, with_width):
    center, bell, scale_mask = (np.zeros((1, *shape)) for _ in range(3))
    mask = np.ones((1, *shape))
    scale = np.zeros((1 + with_width, *shape))
    offset = np.zeros((2, *shape))
    for x1, y1, x2, y2 in np.maximum(ignored, 0):
        mask[0, int(y1) : ceil(y2), int(x1) : ceil(x2)] = 0
    for x1, y1, x2, y2 in np.maximum(boxes, 0):
        height, width = y2 - y1, x2 - x1
        if min(height, width) <= 0:  # a crop may leave a line of a person
            continue
        y, x = (y1 + y2) / 2, (x1 + x2) / 2
        cy, cx = min(int(y), shape[0] - 1), min(int(x), shape[1] - 1)
        rows = slice(ceil(y1), max(int(y2), ceil(y1)))
        columns = slice(ceil(x1), max(int(x2), ceil(x1)))
        window = bell[0, rows, columns]
        drawn = np.outer(
            gaussian(rows.stop - rows.start),
            gaussian(columns.stop - columns.start),
        )
        # Boxes end inside the map, save for one that leaves the image.
        drawn = drawn[: window.shape[0], : window.shape[1]]
        bell[0, rows, columns] = np.maximum(window, drawn)
        mask[0, rows, columns] = 1
        center[0, cy, cx] = 1
        offset[:, cy, cx] = y - cy - 0.5, x - cx - 0.5
        square = (
            slice(max(cy - RADIUS, 0), cy + RADIUS + 1),
            slice(max(cx - RADIUS, 0), cx + RADIUS + 1),
        )
        sizes = [log(height), log(width)][: 1 + with_width]
        scale[(slice(None), *square)] = np.reshape(sizes, (-1, 1, 1))
        scale_mask[(0, *square)] = 1
    return center, bell, mask, scale, scale_mask, offset
