"""Scores of a side: what a mirrored image changes where objects lie there."""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import kind

from .score import Regions, Score

BOTH = ('left', 'right')


@kind(
    'left',
    title='left channels',
    colour='#d55e00',
    needs=('flip',),
    regions=('left',),
    side='left',
    usual=True,
)
def left(deltas: Deltas, regions: Regions) -> Score:
    """Mean of d over the images with objects on the left (Eq. 3)."""
    return Score(deltas.difference()[regions.rows('left', deltas)])


@kind(
    'right',
    title='right channels',
    colour='#009e73',
    needs=('flip',),
    regions=('right',),
    side='right',
    usual=True,
)
def right(deltas: Deltas, regions: Regions) -> Score:
    """Mean of d over the images with objects on the right (Eq. 3)."""
    return Score(deltas.difference()[regions.rows('right', deltas)])


@kind(
    'contrast',
    title='left-minus-right channels',
    colour='#e69f00',
    needs=('flip',),
    regions=BOTH,
    side='left',
    usual=True,
)
def contrast(deltas: Deltas, regions: Regions) -> Score:
    """Mean of d over the left images minus that over the right ones.

    What a mirrored scene changes on any side cancels out.
    """
    return Score(_both_sides(deltas, regions), _means_apart)


@kind(
    'contrast_right',
    title='right-minus-left channels',
    colour='#a6761d',
    needs=('flip',),
    regions=BOTH,
    side='right',
    usual=True,
)
def contrast_right(deltas: Deltas, regions: Regions) -> Score:
    """The opposite of ``contrast``."""
    return Score(
        _both_sides(deltas, regions), lambda mean: -_means_apart(mean)
    )


def _both_sides(deltas: Deltas, regions: Regions) -> np.ndarray:
    # Each image stands for its own side; weights undo unequal numbers.
    rows = [regions.rows(side, deltas) for side in BOTH]
    both = np.concatenate(rows)
    d = deltas.difference()[both]
    on_left = (np.arange(len(both)) < len(rows[0]))[:, None]
    ones = np.ones_like(d)
    return np.stack(
        [d * on_left, ones * on_left, d * ~on_left, ones * ~on_left], 1
    )


def _means_apart(mean: np.ndarray) -> np.ndarray:
    # A resample may have no image of one side, whose sum is then 0 too.
    tiny = np.finfo(np.float64).tiny
    left, right = (mean[i] / np.maximum(mean[i + 1], tiny) for i in (0, 2))
    return left - right
