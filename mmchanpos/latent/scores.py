"""From channel differences to rankings: Eq. 2, Eq. 3 and their controls.

d = GAP(z(I)) - GAP(z(flip I)) is the difference of an image; every kind of
score is a function of means over images of something made of it.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Sequence

import numpy as np

from mmchanpos.errors import InputError, nearest

from .deltas import Deltas
from .ranking import ChannelRanking
from .statistics import bootstrap_interval, split_half


@dataclass(frozen=True)
class Regions:
    """Images whose objects all lie on one side, for Eq. 3.

    Args:
        left (sequence of str, optional): Names of the val-left images.
        right (sequence of str, optional): Names of the val-right images.
    """

    left: Optional[Sequence[str]] = None
    right: Optional[Sequence[str]] = None

    def rows(self, side: str, deltas: Deltas) -> np.ndarray:
        """Rows of a side's images in ``deltas``."""
        names = getattr(self, side)
        if names is None:
            raise InputError(
                f'the {side} images must be known for this ranking: give '
                'their names, or annotations to find them by.'
            )
        return deltas.rows_of(names)


@dataclass(frozen=True)
class Score:
    """A score before it is averaged, so that images can be resampled.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable): Scores (C,) from the mean over images.
    """

    samples: np.ndarray
    statistic: Callable[[np.ndarray], np.ndarray]

    def value(self) -> np.ndarray:
        """The scores of all channels, (C,)."""
        return self.statistic(self.samples.mean(axis=0))


def score(
    deltas: Deltas, kind: str, regions: Optional[Regions] = None
) -> Score:
    """How much each channel depends on position, by one of several kinds.

    Args:
        deltas (Deltas): What a pass over the data recorded.
        kind (str): One of :data:`SCORES`:

            - ``'overall'``: mean of abs(d) (Eq. 2).
            - ``'left'``, ``'right'``: mean of d over the images of that side
              (Eq. 3).
            - ``'kernel_flip'``: Eq. 2 with mirrored kernels (Kernel-Flip*).
            - ``'kernel_flip_pair'``: the image through original and mirrored
              kernels (Kernel-Flip**).
            - ``'contrast'``, ``'contrast_right'``: mean of d over the left
              images minus that over the right ones, and its opposite. What
              a mirrored scene changes on any side cancels out.
            - ``'scale_free'``: Eq. 2 divided by the mean magnitude; channels
              that are almost dead score 0.
            - ``'shift'``: mean change when the image is rolled.
            - ``'location'``: share of the variance over images in all cells
              of a grid that the cell explains (eta squared), 0 to 1.
            - ``'magnitude'``: mean magnitude, which is no score of position
              but what Eq. 2 has to be told from.
        regions (Regions, optional): The images of each side.

    Returns:
        Score: The score, still image by image.
    """
    if kind not in SCORES:
        raise InputError(
            f'there is no score "{kind}". {nearest(kind, SCORES)} '
            f'All: {", ".join(SCORES)}.'
        )
    return SCORES[kind](deltas, regions or Regions())


def rank(
    deltas: Deltas,
    kind: str,
    regions: Optional[Regions] = None,
    draws: int = 200,
    seed: int = 0,
) -> ChannelRanking:
    """Rank channels by a score, with error bars.

    Args:
        deltas (Deltas): What a pass over the data recorded.
        kind (str): One of :data:`SCORES`.
        regions (Regions, optional): The images of each side.
        draws (int): Bootstrap resamples of the images. Defaults to 200; 0
            leaves the intervals out.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        ChannelRanking: Its ``notes`` hold ``low`` and ``high``, the 95 %
        interval of every score over images, and ``stability``, the rank
        correlation between halves of the images.
    """
    found = score(deltas, kind, regions)
    notes = {}
    if draws and len(found.samples) > 1:
        low, high = bootstrap_interval(
            found.samples, found.statistic, draws, seed=seed
        )
        notes = {
            'low': low.tolist(),
            'high': high.tolist(),
            'draws': draws,
            'bootstrap_seed': seed,
            'stability': split_half(found.samples, found.statistic, seed=seed),
        }
    about = {k: v for k, v in deltas.about.items() if k in _PROVENANCE}
    return ChannelRanking.from_scores(
        kind,
        found.value(),
        tap=deltas.tap.path,
        output=deltas.tap.output,
        channel_dim=deltas.tap.channel_dim,
        widths=deltas.widths,
        means=deltas.variant('plain').mean(axis=0),
        images=len(found.samples),
        notes=notes,
        **about,
    )


def rankable(deltas: Deltas, regions: Optional[Regions] = None) -> Sequence:
    """Kinds of ranking that the recorded variants and regions allow."""
    regions = regions or Regions()
    kinds = ['overall', 'scale_free', 'magnitude']
    if regions.left is not None:
        kinds.append('left')
    if regions.right is not None:
        kinds.append('right')
    if None not in (regions.left, regions.right):
        kinds += ['contrast', 'contrast_right']
    if 'kernel' in deltas.vectors:
        kinds += ['kernel_flip', 'kernel_flip_pair']
    if 'shift' in deltas.vectors:
        kinds.append('shift')
    if 'cell_0' in deltas.vectors:
        kinds.append('location')
    return kinds


_PROVENANCE = ('dataset', 'config', 'checkpoint_sha256')
#: Share of the typical magnitude below which a channel counts as dead.
_DEAD = 0.01


def _itself(mean: np.ndarray) -> np.ndarray:
    return mean


def _change(one: str, other: str):
    return lambda d, regions: Score(np.abs(d.difference(one, other)), _itself)


def _side(name: str):
    return lambda d, regions: Score(
        d.difference()[regions.rows(name, d)], _itself
    )


def _contrast(sign: int):
    def make(deltas, regions):
        # Each image stands for its own side; weights undo unequal numbers.
        left = regions.rows('left', deltas)
        right = regions.rows('right', deltas)
        both = np.concatenate([left, right])
        d = deltas.difference()[both]
        on_left = (np.arange(len(both)) < len(left))[:, None]
        ones = np.ones_like(d)
        samples = np.stack(
            [d * on_left, ones * on_left, d * ~on_left, ones * ~on_left], 1
        )
        return Score(samples, lambda m: sign * _means_apart(m))

    return make


def _means_apart(mean: np.ndarray) -> np.ndarray:
    # A resample may have no image of one side, whose sum is then 0 too.
    tiny = np.finfo(np.float64).tiny
    left, right = (mean[i] / np.maximum(mean[i + 1], tiny) for i in (0, 2))
    return left - right


def _scale_free(deltas, regions):
    change = np.abs(deltas.difference())
    size = np.abs(deltas.variant('plain'))
    return Score(np.stack([change, size], axis=1), _ratio)


def _ratio(mean: np.ndarray) -> np.ndarray:
    change, size = mean
    dead = size <= _DEAD * size.mean()
    return np.where(dead, 0.0, change / np.where(dead, 1.0, size))


def _magnitude(deltas, regions):
    return Score(np.abs(deltas.variant('plain')), _itself)


def _location(deltas, regions):
    found = [name for name in deltas.vectors if name.startswith('cell_')]
    if not found:
        deltas.variant('cell_0')  # says what is missing
    cells = np.stack([deltas.variant(name) for name in found], axis=1)
    # Far from 0, squares would lose the digits that the variance is made of.
    cells -= cells.mean(axis=(0, 1))
    return Score(np.stack([cells, cells**2], axis=1), _explained)


def _explained(mean: np.ndarray) -> np.ndarray:
    """Eta squared of every channel from means over images, (2, cells, C)."""
    first, second = mean
    between = first.var(axis=0)
    total = second.mean(axis=0) - first.mean(axis=0) ** 2
    dead = total <= _DEAD**2 * total.mean()
    return np.where(dead, 0.0, between / np.where(dead, 1.0, total))


#: Every kind of score, by the name that a ranking has.
SCORES: Dict[str, Callable[[Deltas, Regions], Score]] = {
    'overall': _change('plain', 'flip'),
    'left': _side('left'),
    'right': _side('right'),
    'kernel_flip': _change('kernel', 'kernel_flip'),
    'kernel_flip_pair': _change('plain', 'kernel'),
    'contrast': _contrast(1),
    'contrast_right': _contrast(-1),
    'scale_free': _scale_free,
    'shift': _change('plain', 'shift'),
    'location': _location,
    'magnitude': _magnitude,
}
