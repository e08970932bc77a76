"""Scores of the border and of content that lies elsewhere."""

import numpy as np

from mmchanpos.latent.deltas import Deltas
from mmchanpos.latent.kinds import kind

from .score import Regions, Score, portion


@kind('border', 'border channels', '#b60bd9', needs=('border', 'spread'))
def border(deltas: Deltas, regions: Regions) -> Score:
    """Share of the variance that a place being outermost explains.

    As for anova, what single images have by chance is taken off.
    """
    step, mean = deltas.variant('border'), deltas.variant('plain')
    centred = mean - mean.mean(axis=0)
    n = len(deltas)

    def share(means: np.ndarray) -> np.ndarray:
        first, second, spread, offset, square = means
        total = spread + square - offset**2
        chance = (second - first**2) / max(n - 1, 1)
        return portion(first**2 - chance, total, squared=True)

    spread = deltas.variant('spread')
    return Score(
        np.stack([step, step**2, spread, centred, centred**2], axis=1), share
    )


@kind('relocation', 'relocated channels', '#0bbad9', needs=('moved', 'placed'))
def relocation(deltas: Deltas, regions: Regions) -> Score:
    """How much the place matters beside the content, from 0 to 1.

    It is the mean square change where the same content lies elsewhere, over
    the sum of that and of the change where the same place has other content.
    A map of places alone does not change with content and scores 1; a map
    that goes along with its content scores 0.
    """
    moved, placed = deltas.variant('moved'), deltas.variant('placed')

    def share(means: np.ndarray) -> np.ndarray:
        return portion(means[0], means.sum(axis=0), squared=True)

    return Score(np.stack([moved, placed], axis=1), share)
