"""What a ranking is to be compared with: random channels, fairly drawn."""

from pathlib import Path
from typing import Any, Optional, Union

import numpy as np

from mmchanpos.errors import InputError, choose
from mmchanpos.files import PathLike

from .erasers import Eraser, load_erasers
from .kinds import Kind, register
from .ranking import ChannelRanking
from .ranking_file import load_rankings

for _name, _title, _colour, _line in (
    ('random', 'random channels', '#8a8a8a', '--'),
    ('matched', 'random channels of the same magnitude', '#56b4e9', '-.'),
):
    register(Kind(_name, _title, _colour, _line, control=True, drawn=True))
#: Out of how many channels of like magnitude one is drawn.
_NEAR = 8


def random_ranking(
    channels: int, seed: int = 0, **about: Any
) -> ChannelRanking:
    """Channels in a random order that depends on the seed alone.

    ``about`` is more for :class:`ChannelRanking`; ``dead`` channels are last.

    Example:
        >>> sorted(random_ranking(4, seed=1).order.tolist())
        [0, 1, 2, 3]
    """
    order = np.random.default_rng(seed).permutation(channels)
    return ChannelRanking('random', order, seed=seed, **about)


def matched_ranking(
    target: ChannelRanking, magnitude: Any, seed: int = 0
) -> ChannelRanking:
    """Random channels that are as strongly active as the target's, by rank.

    Zeroing strong channels hurts whatever they code, so the fair comparison
    for the top N of ``target`` is N channels of the same magnitude. For each
    channel of the target in turn, this draws another of the nearest in
    magnitude that was not drawn before, so every top N of the target has its
    match in the same top N here. Live channels are matched by live ones.

    Args:
        target (ChannelRanking): The ranking to be matched.
        magnitude (Sequence[float]): Mean absolute activation, (C,).
        seed (int): Seed of the draws.

    Example:
        >>> magnitude = np.arange(100.)
        >>> target = ChannelRanking.from_scores('overall', magnitude)
        >>> matched = matched_ranking(target, magnitude)
        >>> min(matched.top(10)) > 70
        True
    """
    sizes = np.asarray(magnitude, dtype=np.float64)
    if sizes.shape != (target.channels,) or np.isnan(sizes).any():
        raise InputError(
            f'magnitudes of shape {sizes.shape} do not fit the '
            f'{target.channels} channels of the ranking "{target.kind}", or '
            'some are NaN.'
        )
    rng = np.random.default_rng(seed)
    place = np.argsort(np.argsort(sizes, kind='stable'))
    live, dead = np.split(target.order, [target.live])
    free = np.zeros(target.channels, dtype=bool)
    free[live] = True
    order = []
    for channel in live:
        others = np.flatnonzero(free)
        if len(others) > 1:
            others = others[others != channel]
        gap = np.abs(place[others] - place[channel])
        drawn = rng.choice(others[np.argsort(gap, kind='stable')[:_NEAR]])
        free[drawn] = False
        order.append(drawn)
    about = {**target.about(), 'notes': {'matches': target.kind}}
    return ChannelRanking(
        'matched', np.array([*order, *dead]), seed=seed, **about
    )


def choose_ranking(
    path: PathLike, kind: Optional[str] = None, seed: int = 0
) -> Union[ChannelRanking, Eraser]:
    """The ranking of a file that is wanted, or a random one of its width.

    Args:
        path (PathLike): A ranking file, or one of erasers.
        kind (str, optional): Which ranking; ``'random'`` and ``'matched'``
            are drawn here, the latter to match the overall ranking.
        seed (int): Seed of the draw. Defaults to 0.
    """
    if Path(path).suffix == '.npz':
        erasers = {eraser.kind: eraser for eraser in load_erasers(path)}
        return choose(erasers, str(kind), f'{path} has no eraser')
    rankings = {ranking.kind: ranking for ranking in load_rankings(path)}
    if kind in rankings or kind not in ('random', 'matched'):
        return ChannelRanking.load(path, kind)
    if kind == 'random':
        first = next(iter(rankings.values()))
        return random_ranking(first.channels, seed, **first.about())
    if not {'overall', 'magnitude'} <= set(rankings):
        raise InputError(
            'kind="matched" draws channels as active as those of the ranking '
            f'"overall"; {path} holds {sorted(rankings)}, but "overall" and '
            '"magnitude" are wanted. tools/rank_channels.py writes both.'
        )
    scores = rankings['magnitude'].scores
    return matched_ranking(rankings['overall'], scores, seed)
