"""Scores of a side: what a mirrored image changes where objects lie there."""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import ScoreFunction, kind

from .score import Regions, Score


def one_side(side: str) -> ScoreFunction:
    """Mean of d over the images with objects on that side (Eq. 3)."""

    def score(deltas: Deltas, regions: Regions) -> Score:
        return Score(deltas.difference()[regions.rows(side, deltas)])

    return score


def apart(side: str, other: str) -> ScoreFunction:
    """Mean of d over the images of a side minus that over the other's.

    What a mirrored scene changes on any side cancels out.
    """

    def score(deltas: Deltas, regions: Regions) -> Score:
        # Each image stands for its own side; weights undo unequal numbers.
        rows = [regions.rows(name, deltas) for name in (side, other)]
        both = np.concatenate(rows)
        d = deltas.difference()[both]
        here = (np.arange(len(both)) < len(rows[0]))[:, None] * np.ones_like(d)
        there = 1 - here
        return Score(
            np.stack([d * here, here, d * there, there], 1), _means_apart
        )

    return score


for _name, _title, _colour, _score, _sides in (
    ('left', 'left', '#d55e00', one_side, ('left',)),
    ('right', 'right', '#009e73', one_side, ('right',)),
    ('contrast', 'left-minus-right', '#e69f00', apart, ('left', 'right')),
    (
        'contrast_right',
        'right-minus-left',
        '#a6761d',
        apart,
        ('right', 'left'),
    ),
):
    kind(
        _name,
        f'{_title} channels',
        _colour,
        needs=('flip',),
        regions=_sides,
        side=_sides[0],
        usual=True,
    )(_score(*_sides))


def _means_apart(mean: np.ndarray) -> np.ndarray:
    # A resample may have no image of one side, whose sum is then 0 too.
    tiny = np.finfo(np.float64).tiny
    left, right = (mean[i] / np.maximum(mean[i + 1], tiny) for i in (0, 2))
    return left - right
