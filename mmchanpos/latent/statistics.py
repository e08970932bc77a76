"""Error bars and tests for what was measured image by image.

Every statistic here is a function of the *mean over images* of something
recorded per image: a score is the mean of channel differences, an mIoU is a
ratio of mean areas. So one resampling of images serves all of them.
"""

from dataclasses import dataclass
from typing import Callable, Dict, Optional, Sequence, Tuple

import numpy as np
from scipy import stats

from mmchanpos.errors import InputError

#: From the mean over images, of shape (...), to a number or an array.
Statistic = Callable[[np.ndarray], np.ndarray]


def resampled_means(
    samples: np.ndarray, draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Means over images drawn with replacement.

    Args:
        samples (ndarray): One row per image, (n, ...).
        draws (int): How many resamples. Defaults to 1000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        ndarray: Means, (draws, ...).
    """
    samples = _rows(samples)
    n = len(samples)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(n, np.full(n, 1 / n), size=draws) / n
    means = weights @ samples.reshape(n, -1)
    return means.reshape(draws, *samples.shape[1:])


def bootstrap_interval(
    samples: np.ndarray,
    statistic: Optional[Statistic] = None,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Tuple[np.ndarray, np.ndarray]:
    """Percentile interval of a statistic over images.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable, optional): What is of interest, from a mean over
            images. Defaults to the mean itself.
        draws (int): How many resamples. Defaults to 1000.
        level (float): Coverage. Defaults to 0.95.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        tuple of ndarray: Low and high end.

    Example:
        >>> low, high = bootstrap_interval(np.array([1.0] * 50 + [3.0] * 50))
        >>> bool(1.7 < low < 2 < high < 2.3)
        True
    """
    values = resampled_means(samples, draws, seed)
    if statistic is not None:
        values = np.stack([statistic(mean) for mean in values])
    tail = (1 - level) / 2
    low, high = np.nanquantile(values, [tail, 1 - tail], axis=0)
    return low, high


@dataclass(frozen=True)
class PairedTest:
    """Whether one ablation changes a metric more than others do.

    Attributes:
        difference (float): Statistic of the one minus the mean over others.
        low (float): Low end of its 95 % interval.
        high (float): High end.
        p_value (float): Two-sided.
    """

    difference: float
    low: float
    high: float
    p_value: float


def paired_test(
    one: np.ndarray,
    others: Sequence[np.ndarray],
    statistic: Optional[Statistic] = None,
    draws: int = 2000,
    seed: int = 0,
) -> PairedTest:
    """Compare one ablation with others on the same images (bootstrap).

    Images are resampled for all alike, and where there are several others
    (random draws of channels) these are resampled too, so the interval holds
    for new images and for new draws.

    Args:
        one (ndarray): One row per image, (n, ...).
        others (sequence of ndarray): The same for each one to compare with.
        statistic (Callable, optional): A number from a mean over images.
            Defaults to the mean itself, for rows that are numbers.
        draws (int): How many resamples. Defaults to 2000.
        seed (int): Seed of the draws. Defaults to 0.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> images = rng.normal(size=200)
        >>> test = paired_test(images - 0.1, [images])
        >>> round(test.difference, 3), test.p_value < 0.01
        (-0.1, True)
    """
    one, others = _rows(one), [_rows(other) for other in others]
    if not others or any(other.shape != one.shape for other in others):
        raise InputError(
            f'a paired test needs the same images on both sides; got '
            f'{one.shape} and {[o.shape for o in others]}.'
        )
    value = statistic or (lambda mean: mean)

    def differences(means):
        rest = np.array([[value(m) for m in other] for other in means[1:]])
        return np.array([value(m) for m in means[0]]) - rest

    exact = differences([x.mean(axis=0)[None] for x in (one, *others)])
    drawn = differences(
        [resampled_means(x, draws, seed) for x in (one, *others)]
    )
    rng = np.random.default_rng([seed, 1])
    which = rng.integers(len(others), size=(len(others), draws))
    spread = np.take_along_axis(drawn, which, axis=0).mean(axis=0)
    low, high = np.quantile(spread, [0.025, 0.975])
    below = (1 + np.sum(spread <= 0)) / (1 + draws)
    above = (1 + np.sum(spread >= 0)) / (1 + draws)
    return PairedTest(
        float(exact.mean()),
        float(low),
        float(high),
        float(min(1.0, 2 * min(below, above))),
    )


def rank_correlation(a: np.ndarray, b: np.ndarray) -> Dict[str, float]:
    """Spearman's rho and Kendall's tau of two scorings of the same channels.

    Args:
        a (ndarray): Scores or ranks, (C,).
        b (ndarray): The other's, (C,).

    Returns:
        dict: ``spearman`` and ``kendall``; 0 where one of them is constant.

    Example:
        >>> found = rank_correlation(np.arange(5), -np.arange(5))
        >>> {name: round(value, 6) for name, value in found.items()}
        {'spearman': -1.0, 'kendall': -1.0}
    """
    a, b = _rows(a), _rows(b)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            f'scores of {a.shape} and {b.shape} channels are not comparable.'
        )
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return {'spearman': 0.0, 'kendall': 0.0}
    return {
        'spearman': float(stats.spearmanr(a, b).statistic),
        'kendall': float(stats.kendalltau(a, b).statistic),
    }


def overlap(a: Sequence[int], b: Sequence[int], top: int) -> Dict[str, float]:
    """How many of the top channels two orders share, and what chance gives.

    Args:
        a (sequence of int): An order of all channels.
        b (sequence of int): The other order.
        top (int): How many of the first channels to compare.

    Returns:
        dict: ``shared``, ``chance`` (the expected number) and ``p_value``
        (of sharing at least as many by chance).

    Example:
        >>> overlap(range(100), range(100), 10)['shared']
        10
    """
    channels = len(a)
    shared = len(set(a[:top]) & set(b[:top]))
    tail = stats.hypergeom.sf(shared - 1, channels, top, top)
    return {
        'shared': shared,
        'chance': top * top / channels,
        'p_value': float(tail),
    }


def split_half(
    samples: np.ndarray,
    statistic: Optional[Statistic] = None,
    repeats: int = 20,
    seed: int = 0,
) -> Dict[str, float]:
    """Agreement of the scores of two halves of the images.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable, optional): Scores (C,) from a mean over images.
            Defaults to the mean itself.
        repeats (int): How many random splits. Defaults to 20.
        seed (int): Seed of the splits. Defaults to 0.

    Returns:
        dict: Mean ``spearman`` and ``kendall`` over the splits.
    """
    samples = _rows(samples)
    n = len(samples)
    if n < 2:
        raise InputError(f'{n} image cannot be split in halves.')
    value = statistic or (lambda mean: mean)
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(repeats):
        order = rng.permutation(n)
        halves = order[: n // 2], order[n // 2 :]
        found.append(
            rank_correlation(*(value(samples[h].mean(axis=0)) for h in halves))
        )
    return {
        name: float(np.mean([f[name] for f in found])) for name in found[0]
    }


def _rows(samples: np.ndarray) -> np.ndarray:
    samples = np.asarray(samples, dtype=np.float64)
    if samples.ndim == 0 or len(samples) == 0:
        raise InputError('there are no images to take statistics of.')
    return samples
