"""The location score: how much a grid cell explains of a channel."""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import kind

from .score import Regions, Score, portion


@kind('location', 'location channels', '#117733', needs=('cell_0',))
def location(deltas: Deltas, regions: Regions) -> Score:
    """Share of the variance over images in all cells of a grid (eta squared).

    It is 0 where the cell explains nothing and 1 where it explains all.
    """
    found = [name for name in deltas.vectors if name.startswith('cell_')]
    cells = np.stack([deltas.variant(name) for name in found or ['cell_0']], 1)
    # Far from 0, squares would lose the digits that the variance is made of.
    cells -= cells.mean(axis=(0, 1))
    return Score(np.stack([cells, cells**2], axis=1), _explained)


def _explained(mean: np.ndarray) -> np.ndarray:
    """Eta squared of every channel from means over images, (2, cells, C)."""
    first, second = mean
    between = first.var(axis=0)
    total = second.mean(axis=0) - first.mean(axis=0) ** 2
    return portion(between, total, squared=True)
