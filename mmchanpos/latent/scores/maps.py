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
from mmchanpos.latent.kinds import Kind, register

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

    Returns:
        Score: Over all levels. It can be drawn anew as any other.

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


def _kind(
    name: str,
    title: str,
    colour: str,
    of_level: Callable[[CellMaps], Weighted],
    line: str = '-',
) -> None:
    def score(deltas: Deltas, regions: Regions) -> Score:
        return map_score(deltas, of_level)

    register(
        Kind(
            name,
            title=title,
            colour=colour,
            line=line,
            score=score,
            needs=('maps',),
        )
    )


_kind('anova', 'place channels', '#d90b0b', explained)
_kind('anova_x', 'column channels', '#d95757', partial(explained, axis='x'))
_kind('anova_y', 'row channels', '#730606', partial(explained, axis='y'))
_kind('ramp', 'ramp channels', '#4908a6', ramp)
_kind(
    'ramp_x', 'left-right channels', '#8c57d9', partial(ramp, formulas=['x'])
)
_kind('ramp_y', 'up-down channels', '#600673', partial(ramp, formulas=['y']))
_kind(
    'ramp_radius',
    'centre-edge channels',
    '#733c2e',
    partial(ramp, formulas=['radius']),
)
_kind('information', 'informed channels', '#1aa608', information)
