"""How far two orders, or two scorings, of the same channels agree."""

from typing import Optional

import numpy as np
import scipy

from mmchanpos.errors import InputError
from mmchanpos.statistics import Statistic, rank_correlation, rows_of

from .ranking import ChannelRanking


def agreement(
    one: ChannelRanking, other: ChannelRanking, top: Optional[int] = None
) -> dict[str, float]:
    """How far two rankings of the same latent agree on its live channels.

    Channels that are always 0 are last in both, and would make any two
    rankings look alike.

    Returns:
        dict: ``spearman`` of the ranks; how many of the ``top`` channels, by
        default a twentieth of the live ones, are ``shared``, the expected
        number by ``chance``, and the ``p_value`` of sharing at least as many.

    Example:
        >>> a = ChannelRanking('overall', [0, 1, 2, 3], dead=[2, 3])
        >>> b = ChannelRanking('shift', [1, 0, 2, 3], dead=[2, 3])
        >>> round(agreement(a, b)['spearman'], 6)
        -1.0
    """
    if one.channels != other.channels:
        raise InputError(
            f'rankings of {one.channels} and {other.channels} channels are '
            'not comparable.'
        )
    # Where one file does not know the dead channels, the other may.
    dead = sorted(set(one.dead or ()) | set(other.dead or ()))
    a, b = (order[~np.isin(order, dead)] for order in (one.order, other.order))
    top = top or max(1, len(a) // 20)
    shared = len(set(a[:top]) & set(b[:top]))
    tail = scipy.stats.hypergeom.sf(shared - 1, len(a), top, top)
    return {
        'spearman': rank_correlation(*map(np.argsort, (a, b)))['spearman'],
        'top': top,
        'shared': shared,
        'chance': top * top / len(a),
        'p_value': float(tail),
    }


def split_half(
    samples: np.ndarray, statistic: Statistic = np.asarray, seed: int = 0
) -> dict[str, float]:
    """Agreement of the scores of two halves of the images.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable, optional): Scores (C,) from a mean over images.
            Defaults to the mean itself.
        seed (int): Seed of the splits. Defaults to 0.

    Returns:
        dict: Mean ``spearman`` and ``kendall`` over 20 random splits.
    """
    samples = rows_of(samples)
    n = len(samples)
    if n < 2:
        raise InputError(f'{n} image cannot be split in halves.')
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(20):
        order = rng.permutation(n)
        halves = order[: n // 2], order[n // 2 :]
        found.append(
            rank_correlation(*(statistic(samples[h].mean(0)) for h in halves))
        )
    return {
        name: float(np.mean([f[name] for f in found])) for name in found[0]
    }
