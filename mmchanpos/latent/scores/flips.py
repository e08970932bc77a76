"""Scores of what a changed image changes: mirrored, seen by mirrored kernels.

The paper's own score (Eq. 2) is the first of them.
"""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import kind

from .score import Regions, Score

#: Share of the typical magnitude below which a channel counts as dead.
_DEAD = 0.01


@kind(
    'overall',
    title='overall channels',
    colour='#0072b2',
    needs=('flip',),
    usual=True,
)
def overall(deltas: Deltas, regions: Regions) -> Score:
    """Mean of abs(d), the change when the image is mirrored (Eq. 2)."""
    return Score(np.abs(deltas.difference()))


@kind(
    'scale_free',
    title='scale-free channels',
    colour='#332288',
    needs=('flip',),
)
def scale_free(deltas: Deltas, regions: Regions) -> Score:
    """Eq. 2 over the mean magnitude; channels almost dead score 0."""
    change = np.abs(deltas.difference())
    size = np.abs(deltas.variant('plain'))
    return Score(np.stack([change, size], axis=1), _ratio)


def _ratio(mean: np.ndarray) -> np.ndarray:
    change, size = mean
    dead = size <= _DEAD * size.mean()
    return np.where(dead, 0.0, change / np.where(dead, 1.0, size))


@kind(
    'kernel_flip',
    title='Kernel-Flip* channels',
    colour='#44aa99',
    needs=('kernel', 'kernel_flip'),
)
def kernel_flip(deltas: Deltas, regions: Regions) -> Score:
    """Eq. 2 with mirrored kernels (Kernel-Flip*)."""
    return Score(np.abs(deltas.difference('kernel', 'kernel_flip')))


@kind(
    'kernel_flip_pair',
    title='Kernel-Flip** channels',
    colour='#aa4499',
    needs=('kernel',),
)
def kernel_flip_pair(deltas: Deltas, regions: Regions) -> Score:
    """The image through original and mirrored kernels (Kernel-Flip**)."""
    return Score(np.abs(deltas.difference('plain', 'kernel')))


@kind(
    'shift',
    title='shift-sensitive channels',
    colour='#882255',
    needs=('shift',),
)
def shift(deltas: Deltas, regions: Regions) -> Score:
    """Mean change when the image is rolled."""
    return Score(np.abs(deltas.difference('plain', 'shift')))


@kind(
    'residual',
    title='unexpectedly changing channels',
    colour='#8ca642',
    needs=('flip',),
)
def residual(deltas: Deltas, regions: Regions) -> Score:
    """Log of Eq. 2 beyond what log magnitude predicts of it.

    The line is fitted to the channels that are alive; dead ones come last.
    """
    change = np.abs(deltas.difference())
    size = np.abs(deltas.variant('plain'))
    return Score(np.stack([change, size], axis=1), _beyond)


def _beyond(mean: np.ndarray) -> np.ndarray:
    change, size = mean
    # A channel that no mirrored image changes has no logarithm.
    alive = (size > _DEAD * size.mean()) & (change > 0)
    if alive.sum() < 3:
        return np.zeros_like(size)
    x, y = np.log(size[alive]), np.log(change[alive])
    x, y = x - x.mean(), y - y.mean()
    slope = (x @ y) / max(x @ x, np.finfo(float).tiny)
    found = np.full(len(size), np.min(y - slope * x) - 1)
    found[alive] = y - slope * x
    return found
