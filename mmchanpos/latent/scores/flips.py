"""Scores of what a changed image changes: mirrored, seen by mirrored kernels.

The paper's own score (Eq. 2) is the first of them, and how strong a channel is
what it has to be told from.
"""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import ScoreFunction, kind

from .score import Regions, Score, faintest, portion


def changed(one: str, other: str) -> ScoreFunction:
    """Mean of abs(d), d being GAP(z) of one variant minus the other."""

    def score(deltas: Deltas, regions: Regions) -> Score:
        return Score(np.abs(deltas.difference(one, other)))

    return score


for _name, _title, _colour, _one, _other in (
    ('overall', 'overall', '#0072b2', 'plain', 'flip'),
    ('kernel_flip', 'Kernel-Flip*', '#44aa99', 'kernel', 'kernel_flip'),
    ('kernel_flip_pair', 'Kernel-Flip**', '#aa4499', 'plain', 'kernel'),
    ('shift', 'shift-sensitive', '#882255', 'plain', 'shift'),
):
    kind(
        _name,
        f'{_title} channels',
        _colour,
        needs=tuple(v for v in (_one, _other) if v != 'plain'),
        usual=_name == 'overall',
    )(changed(_one, _other))


@kind('magnitude', 'strongest channels', '#000000', line=':', control=True)
def magnitude(deltas: Deltas, regions: Regions) -> Score:
    """Mean magnitude: no score of position, but the first rival of Eq. 2."""
    return Score(np.abs(deltas.variant('plain')))


def _beside_size(deltas: Deltas) -> np.ndarray:
    """Change and magnitude of every channel in every image, (n, 2, C)."""
    change, size = deltas.difference(), deltas.variant('plain')
    return np.abs(np.stack([change, size], axis=1))


@kind('scale_free', 'scale-free channels', '#332288', needs=('flip',))
def scale_free(deltas: Deltas, regions: Regions) -> Score:
    """Eq. 2 over the mean magnitude; faint channels score 0."""
    return Score(_beside_size(deltas), lambda mean: portion(*mean))


@kind('residual', 'unexpectedly changing channels', '#8ca642', needs=('flip',))
def residual(deltas: Deltas, regions: Regions) -> Score:
    """Log of Eq. 2 beyond what log magnitude predicts of it.

    The line is fitted to the channels that are not faint; these come last.
    """
    return Score(_beside_size(deltas), _beyond)


def _beyond(mean: np.ndarray) -> np.ndarray:
    change, size = mean
    # A channel that no mirrored image changes has no logarithm.
    clear = (size > faintest(size)) & (change > 0)
    if clear.sum() < 3:
        return np.zeros_like(size)
    x, y = np.log(size[clear]), np.log(change[clear])
    x, y = x - x.mean(), y - y.mean()
    slope = (x @ y) / max(x @ x, np.finfo(float).tiny)
    found = np.full(len(size), np.min(y - slope * x) - 1)
    found[clear] = y - slope * x
    return found
