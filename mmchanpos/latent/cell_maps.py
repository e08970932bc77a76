"""What a pass over the data keeps of unpooled maps, for scores of places.

A pooled latent cannot say where a channel responds. Maps of every image would
fill a disk, but all that scores of position ask for are sums over images: of
the map itself, of its squares, and of how often each cell held a low or a
high response. They are kept in a few blocks of images, so that a score can be
fitted on some blocks and tried on others, and drawn anew for its interval.
"""

import math
from typing import Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmchanpos.errors import InputError

from .sums import Sums

#: A map is cut into at most so many cells on each side.
CELLS = 16
#: An image belongs to the block ``place in the data set % BLOCKS``.
BLOCKS = 8
#: Levels of response, and parts of each side, that are counted for
#: mutual information.
BINS = 4
#: Tokens that may stand before those of the patches: class, registers.
_PREFIX = 9


def as_maps(level: Tensor, channel_dim: int = 1) -> Optional[Tensor]:
    """One level of a latent as maps, if it has places at all.

    Args:
        level (Tensor): Maps (B, C, H, W), also with channels last, or tokens
            (B, N, C) of a square of patches, behind a few that belong to no
            patch.
        channel_dim (int): Axis of the channels. Defaults to 1.

    Returns:
        Tensor: (B, C, H, W), or None for vectors and other tokens.

    Example:
        >>> as_maps(torch.zeros(2, 1 + 49, 8), channel_dim=2).shape
        torch.Size([2, 8, 7, 7])
    """
    moved = level.movedim(channel_dim, 1)
    if moved.ndim == 4:
        return moved
    if moved.ndim != 3:
        return None
    tokens = moved.shape[2]
    for prefix in range(min(_PREFIX, tokens)):
        side = math.isqrt(tokens - prefix)
        if side > 1 and side**2 == tokens - prefix:
            return moved[..., prefix:].unflatten(2, (side, side))
    return None


def pooled(maps: Tensor, grid: Optional[Sequence[int]] = None) -> Tensor:
    """Maps (B, C, H, W) as means over cells, never less than single.

    There are as many rows and columns as ``grid`` says, by default at most
    :data:`CELLS`.
    """
    rows, columns = grid or (min(side, CELLS) for side in maps.shape[2:])
    exact = maps if maps.dtype.itemsize > 2 else maps.float()
    if maps.shape[2:] == (rows, columns):
        return exact
    return F.adaptive_avg_pool2d(exact, (rows, columns))


class CellMaps(Sums):
    """Sums over images of the maps of one level, block by block.

    They do not depend on who saw what, nor on the size of batches.

    Attributes:
        arrays (dict[str, np.ndarray]): ``count`` (K,) images in each block;
            ``sum`` (K, C, R, Q) of their maps; ``square`` (K, C) of their
            mean squares; ``bins`` (K, C, parts, BINS) counts of responses by
            part of the map. ``null_bins`` is the same of maps whose cells
            were shuffled, each image in its own way.

    Example:
        >>> cells = CellMaps()
        >>> cells.add(torch.rand(6, 3, 5, 4), range(6))
        >>> cells.arrays['sum'].shape, int(cells.arrays['count'].sum())
        ((8, 3, 5, 4), 6)
    """

    @property
    def mean(self) -> np.ndarray:
        """Mean map of every channel over all images, (C, R, Q)."""
        arrays = self.arrays
        return arrays['sum'].sum(axis=0) / arrays['count'].sum()

    @torch.no_grad()
    def add(self, maps: Tensor, index: Sequence[int]) -> None:
        """Count maps (B, C, H, W) of images at some places of the data set."""
        cells = pooled(maps).detach().double().cpu()
        before = tuple(self.arrays.get('sum', cells).shape[1:])
        if before != tuple(cells.shape[1:]):
            raise InputError(
                f'maps of {tuple(maps.shape[1:])} channels and cells came '
                f'after some of {before}: scores '
                'of places need images of one size, or none below '
                f'{CELLS} cells.'
            )
        flat = cells.flatten(2)
        blocks = torch.tensor([int(i) % BLOCKS for i in index])
        order = torch.stack([_shuffle(i, flat.shape[2]) for i in index])
        parts, levels = _parts(*cells.shape[2:]), _levels(flat)
        found = {
            'count': torch.ones(len(blocks), dtype=torch.float64),
            'square': flat.square().mean(2),
            'sum': cells,
            'bins': _table(levels, parts.expand_as(order)),
            'null_bins': _table(levels, parts[order.argsort(1)]),
        }
        for name, rows in found.items():
            into = self.arrays.setdefault(
                name, rows.new_zeros(BLOCKS, *rows.shape[1:]).numpy()
            )
            torch.from_numpy(into).index_add_(0, blocks, rows)


def _shuffle(place: int, cells: int) -> Tensor:
    rng = torch.Generator().manual_seed(int(place))
    return torch.randperm(cells, generator=rng)


def _parts(rows: int, columns: int) -> Tensor:
    """The part of the map, of BINS by BINS, that each cell lies in."""
    row = torch.arange(rows) * BINS // rows
    column = torch.arange(columns) * BINS // columns
    return (row[:, None] * BINS + column).flatten()


def _levels(cells: Tensor) -> Tensor:
    """How high each response is among those of its map, in BINS levels.

    A response has level k where at least k / BINS of the map lie below it;
    equal responses have equal levels.
    """
    count = cells.shape[2]
    ordered = cells.sort(2).values
    levels = torch.zeros(cells.shape, dtype=torch.int64)
    for k in range(1, BINS):
        edge = -(-k * count // BINS) - 1
        levels += cells > ordered[..., edge, None]
    return levels


def _table(levels: Tensor, parts: Tensor) -> Tensor:
    """Counts (B, C, parts, BINS) of levels (B, C, P) by parts (B, P)."""
    batch, channels, _ = levels.shape
    count = int(parts.max()) + 1
    place = parts[:, None] * BINS + levels
    found = torch.zeros(batch, channels, count * BINS, dtype=torch.int32)
    found.scatter_add_(2, place, torch.ones_like(place, dtype=torch.int32))
    return found.unflatten(2, (count, BINS))
