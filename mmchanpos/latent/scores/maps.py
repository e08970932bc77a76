"""Scores of unpooled maps: which share of a channel its place explains.

Natural images confound position with content: the sky is above. The same
scores of images without a scene (:mod:`mmchanpos.latent.contents`) tell what
the net itself adds.
"""

from functools import partial
from typing import Callable

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.latent.cell_maps import BLOCKS, CellMaps
from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import ScoreFunction, kind

from .places import Weighted, explained, information, ramp
from .score import Regions, Score


def map_score(
    deltas: Deltas, of_level: Callable[[CellMaps], Weighted]
) -> Score:
    """A score of maps, with blocks of images in the place of images.

    Args:
        deltas (Deltas): What a pass over the data recorded.
        of_level (Callable): From the maps of one level to scores (C,) for
            any weights of the blocks.

    Example:
        >>> from mmchanpos.latent import collect
        >>> from torch import nn
        >>> import torch
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1)).eval()
        >>> deltas, = collect(net, [torch.rand(4, 3, 9, 8)], '0')
        >>> diagonal = partial(ramp, formulas=[lambda x, y: x + y])
        >>> map_score(deltas, diagonal).value().shape
        (8,)
    """
    if not deltas.maps:
        raise InputError(
            f'no maps were recorded at "{deltas.tap}", which scores of places '
            'need: its latent is one vector per image, its images come in '
            'several sizes, or the pass left maps out.'
        )
    scores = [of_level(maps) for maps in deltas.maps]
    there = deltas.maps[0].arrays['count'] > 0

    def statistic(weights: np.ndarray) -> np.ndarray:
        return np.concatenate([score(weights) for score in scores])

    return Score(np.eye(BLOCKS)[there], statistic, blocks=True)


def _of_maps(of_level: Callable[[CellMaps], Weighted]) -> ScoreFunction:
    def score(deltas: Deltas, regions: Regions) -> Score:
        return map_score(deltas, of_level)

    return score


for _name, _title, _colour, _of_level in (
    ('anova', 'place', '#d90b0b', explained),
    ('anova_x', 'column', '#d95757', partial(explained, axis='x')),
    ('anova_y', 'row', '#730606', partial(explained, axis='y')),
    ('ramp', 'ramp', '#4908a6', ramp),
    ('ramp_x', 'left-right', '#8c57d9', partial(ramp, formulas=['x'])),
    ('ramp_y', 'up-down', '#600673', partial(ramp, formulas=['y'])),
    (
        'ramp_radius',
        'centre-edge',
        '#733c2e',
        partial(ramp, formulas=['radius']),
    ),
    ('information', 'informed', '#1aa608', information),
):
    enter = kind(_name, f'{_title} channels', _colour, needs=('maps',))
    enter(_of_maps(_of_level))
