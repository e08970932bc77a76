"""A score still image by image, and the ranking that is made of it.

d = GAP(z(I)) - GAP(z(flip I)) is the difference of an image; every kind of
score is a function of means over images of something made of it.
"""

from dataclasses import dataclass
from typing import Any, Callable, Optional, Sequence

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.latent.agreement import split_half
from mmchanpos.latent.deltas import Deltas, plain_stem
from mmchanpos.latent.kinds import KINDS, find_kind, scored
from mmchanpos.latent.ranking import ChannelRanking
from mmchanpos.statistics import Statistic, bootstrap_interval


@dataclass(frozen=True)
class Regions:
    """Names of images whose objects all lie on one side, for Eq. 3.

    What of a name counts is told by ``stem``, see :meth:`Deltas.rows_of`.
    """

    left: Optional[Sequence[str]] = None
    right: Optional[Sequence[str]] = None
    stem: Callable[[str], str] = plain_stem

    @property
    def known(self) -> list[str]:
        """Sides whose images are known."""
        return [s for s in ('left', 'right') if getattr(self, s) is not None]

    def rows(self, side: str, deltas: Deltas) -> np.ndarray:
        """Rows of a side's images in ``deltas``."""
        names = getattr(self, side)
        if names is None:
            raise InputError(
                f'the {side} images must be known for this ranking: give '
                'their names, or annotations to find them by.'
            )
        return deltas.rows_of(names, self.stem)


@dataclass(frozen=True)
class Score:
    """A score before it is averaged, so that images can be resampled.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable): Scores (C,) from the mean over images. Defaults
            to the mean itself.
        blocks (bool): Whether a row stands for a block of images, of which
            all together are the whole data set. Defaults to False.
    """

    samples: np.ndarray
    statistic: Statistic = np.asarray
    blocks: bool = False

    def value(self) -> np.ndarray:
        """The scores of all channels, (C,)."""
        return self.statistic(self.samples.mean(axis=0))


def portion(
    part: np.ndarray,
    whole: np.ndarray,
    squared: bool = False,
    least: Any = 0.0,
) -> np.ndarray:
    """``part / whole``, and 0 for channels that are too faint for a share.

    Faint is what responds by less than 1 % of the mean live channel. It may
    yet be active, which decides its place in a ranking: dead there is only
    what :attr:`Deltas.dead` lists.

    Args:
        part (ndarray): What a share is asked of, (C,).
        whole (ndarray): How strong each channel is, or how much it varies.
        squared (bool): Whether that is a square, as a variance. Defaults to
            False.
        least (float | np.ndarray): What is rounding alone. Defaults to 0.

    Example:
        >>> portion(np.array([1.0, 1.0, 0.0]), np.array([2.0, 0.001, 0.0]))
        array([0.5, 0. , 0. ])
    """
    faint = whole <= np.maximum(faintest(whole, squared), least)
    return np.where(faint, 0.0, part / np.where(faint, 1.0, whole))


def faintest(size: np.ndarray, squared: bool = False) -> float:
    """How strong a channel has to be for :func:`portion`."""
    share = 1e-4 if squared else 1e-2
    return share * size.sum() / max(1, np.count_nonzero(size > 0))


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
        kind (str): One that :func:`~mmchanpos.latent.kinds.scored` lists.
        regions (Regions, optional): The images of each side.
        draws (int): Bootstrap resamples of the images. Defaults to 200; 0
            leaves the intervals out.
        seed (int): Seed of the resamples. Defaults to 0.

    Returns:
        ChannelRanking: Its ``notes`` hold ``low`` and ``high``, the 95 %
        interval of every score over images, and ``stability``, the rank
        correlation of live channels between halves of the images.
    """
    make = find_kind(kind).score
    if make is None:
        raise InputError(
            f'the ranking "{kind}" is not computed from a pass over the data; '
            f'these are: {", ".join(scored())}.'
        )
    found = make(deltas, regions or Regions())
    dead = deltas.dead
    ignored: Any = dead if len(dead) < sum(deltas.widths) else []
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
            'stability': split_half(
                found.samples,
                lambda mean: np.delete(found.statistic(mean), ignored),
                seed=seed,
            ),
        }
    about = {k: v for k, v in deltas.about.items() if k in _PROVENANCE}
    return ChannelRanking.from_scores(
        kind,
        found.value(),
        tap=deltas.tap.path,
        output=deltas.tap.output,
        channel_dim=deltas.tap.channel_dim,
        tokens=deltas.tap.tokens,
        widths=deltas.widths,
        dead=dead,
        means=deltas.variant('plain').mean(axis=0),
        # Blocks of images stand for images where a score has maps.
        images=len(deltas) if found.blocks else len(found.samples),
        notes=notes,
        **about,
    )


_PROVENANCE = ('dataset', 'config', 'checkpoint_sha256')


def rankable(deltas: Deltas, regions: Optional[Regions] = None) -> list[str]:
    """Kinds of ranking that the recorded variants and regions allow."""
    sides = {*(regions or Regions()).known}
    recorded = {*deltas.recorded}
    return [
        name
        for name, kind in KINDS.items()
        if kind.score
        and recorded >= {*kind.needs}
        and sides >= {*kind.regions}
    ]
