"""Error bars and tests: over images, over random draws, over trainings.

Every statistic over images is a function of the *mean over images* of
something recorded per image: a score is the mean of channel differences, an
mIoU is a ratio of mean areas. So one resampling of images serves all of them.

What holds in one training may not hold in the next. A result of something
that was trained is therefore a :class:`Trend`, with draws and images nested
in its trainings.
"""

from dataclasses import dataclass
from typing import Callable, Iterable, Iterator, Sequence, Union

import numpy as np
import scipy

from mmchanpos.errors import InputError

#: From the mean over images, of shape (...), to a number or an array.
Statistic = Callable[[np.ndarray], np.ndarray]
#: How many weights of images are drawn at once.
_WEIGHTS = 4_000_000


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
    samples = rows_of(samples)
    n = len(samples)
    flat = samples.reshape(n, -1)
    means = [weights @ flat / n for weights in resamples(n, draws, seed)]
    return np.concatenate(means).reshape(draws, *samples.shape[1:])


def resamples(
    n: int, draws: int = 1000, seed: int = 0
) -> Iterator[np.ndarray]:
    """How often each of n images is drawn, part by part, (some draws, n)."""
    rng = np.random.default_rng(seed)
    step = max(1, _WEIGHTS // n)
    for first in range(0, draws, step):
        rows = min(step, draws - first)
        drawn = rng.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=rows * n)
        yield counts.reshape(rows, n)


def bootstrap_interval(
    samples: np.ndarray,
    statistic: Statistic = np.asarray,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """95 % percentile interval of a statistic over images.

    Args:
        samples (ndarray): One row per image, (n, ...).
        statistic (Callable): What is of interest, from a mean over images.
            Defaults to the mean itself.
        draws (int): How many resamples. Defaults to 1000.
        seed (int): Seed of the draws. Defaults to 0.

    Returns:
        tuple[np.ndarray, np.ndarray]: Low and high end.

    Example:
        >>> low, high = bootstrap_interval(np.array([1.0] * 50 + [3.0] * 50))
        >>> bool(1.7 < low < 2 < high < 2.3)
        True
    """
    means = resampled_means(samples, draws, seed)
    values = np.stack([statistic(mean) for mean in means])
    low, high = np.nanquantile(values, [0.025, 0.975], axis=0)
    return low, high


def _answer(difference: float, p_value: float) -> str:
    if not p_value < 0.05:
        return 'not more'
    return 'more' if difference > 0 else 'less'


@dataclass(frozen=True)
class Comparison:
    """How much more harm one thing does than another, in points.

    Args:
        difference (float): Harm of the one minus that of the other.
        low (float): Low end of the 95 % interval.
        high (float): High end.
        p_value (float): Two-sided, for no difference.
        draws (int): Random draws on the other side; 0 if there are none.
        reached (int): Draws that do at least as much harm as the one.
    """

    difference: float
    low: float
    high: float
    p_value: float
    draws: int = 0
    reached: int = 0

    @property
    def answer(self) -> str:
        """``'more'``, ``'less'``, or ``'not more'`` if either may be true."""
        return _answer(self.difference, self.p_value)

    def interval(self) -> str:
        """The 95 % interval and the p value in words."""
        if np.isnan(self.low):
            return f'no interval, {p_text(self.p_value)}'
        return (
            f'95 % interval {self.low:+.2f} to {self.high:+.2f}, '
            f'{p_text(self.p_value)}'
        )


def on_same_images(exact: float, resampled: np.ndarray) -> Comparison:
    """Compare two things that were measured on the same images.

    Args:
        exact (float): The one minus the other, on all images.
        resampled (ndarray): The same in resamples of them, (resamples,).

    Returns:
        Comparison: Its interval holds for new images.
    """
    resampled = resampled[~np.isnan(resampled)]
    if not len(resampled):
        return Comparison(float(exact), np.nan, np.nan, 1.0)
    low, high = np.quantile(resampled, [0.025, 0.975])
    below = (1 + np.sum(resampled <= 0)) / (1 + len(resampled))
    above = (1 + np.sum(resampled >= 0)) / (1 + len(resampled))
    p = min(1.0, 2 * min(below, above))
    return Comparison(float(exact), float(low), float(high), float(p))


def one_against_sample(
    differences: np.ndarray, resampled: Sequence[float] = ()
) -> Comparison:
    """Compare one case with a sample of draws (Crawford and Howell's t test).

    The answer is yes only if the one is unlike a draw. It is not enough to
    differ from the mean of the draws, which every single draw does, the more
    surely the more images there are.

    Args:
        differences (ndarray): The case minus each draw, (draws,).
        resampled (Sequence[float]): Mean difference in resamples of the
            images; empty if these are not known.

    Returns:
        Comparison: Its interval holds for a new draw and for new images.

    Example:
        >>> found = one_against_sample(np.array([1.0, 2.0, 3.0]))
        >>> found.difference, found.draws, round(found.p_value, 3)
        (2.0, 3, 0.225)
    """
    differences = np.asarray(differences, dtype=np.float64)
    draws, mean = len(differences), float(differences.mean())
    reached = int((differences <= 0).sum())
    if draws < 2:
        return Comparison(mean, np.nan, np.nan, 1.0, draws, reached)
    means = np.asarray(resampled, dtype=np.float64)
    means = means[~np.isnan(means)]
    of_draws = float(differences.var(ddof=1)) * (1 + 1 / draws)
    of_images = float(means.var()) if len(means) else 0.0
    variance = of_draws + of_images
    if variance == 0:
        return Comparison(mean, mean, mean, float(mean == 0), draws, reached)
    # Welch and Satterthwaite; the many images leave no doubt about theirs.
    freedom = (draws - 1) * (variance / max(of_draws, 1e-12 * variance)) ** 2
    error = float(np.sqrt(variance))
    reach = float(scipy.stats.t.ppf(0.975, freedom)) * error
    p = float(2 * scipy.stats.t.sf(abs(mean) / error, freedom))
    return Comparison(mean, mean - reach, mean + reach, p, draws, reached)


@dataclass(frozen=True)
class Trend:
    """What several trainings say about one number.

    Args:
        values (tuple[float, ...]): The number in each training.
        mean (float): Over trainings.
        low (float): Low end of the 95 % interval for a *new* training; NaN
            if there is one training alone.
        high (float): High end.
        p_value (float): Two-sided, for a mean of 0 over trainings; 1 if
            there is one training alone, or one without a number.
        sure (int): In how many trainings the number is positive by a test of
            its own, where there is one, and else simply positive.
    """

    values: tuple[float, ...]
    mean: float
    low: float
    high: float
    p_value: float
    sure: int

    @property
    def answer(self) -> str:
        """``'more'``, ``'less'``, or ``'not more'`` if either may be true."""
        return _answer(self.mean, self.p_value)

    def in_trainings(self) -> str:
        """In how many trainings, in words.

        Example:
            >>> over_trainings([1.0, -1.0, 2.0]).in_trainings()
            'in 2 of 3 trainings'
        """
        if len(self.values) == 1:
            return 'in one training' if self.sure else 'not in one training'
        return f'in {self.sure} of {len(self.values)} trainings'

    def __str__(self) -> str:
        if len(self.values) == 1:
            return self.interval()
        return f'{self.in_trainings()}; {self.interval()}'

    def interval(self) -> str:
        """Mean and interval, in words.

        Example:
            >>> over_trainings([1.0, 2.0, 3.0]).interval()
            'mean +2.00, 95 % interval for a new training -2.97 to +6.97'
            >>> over_trainings([1.0]).interval()
            'one training, +1.00'
        """
        if len(self.values) == 1:
            return f'one training, {self.mean:+.2f}'
        return (
            f'mean {self.mean:+.2f}, 95 % interval for a new training '
            f'{self.low:+.2f} to {self.high:+.2f}'
        )


def over_trainings(found: Sequence[Union[float, Comparison]]) -> Trend:
    """Judge a number, or a comparison, over the trainings it was found in.

    Each training brings its own random draws, so what these scatter is part
    of what the trainings scatter; the images are the same in all of them.

    Args:
        found (Sequence[float | Comparison]): One for each training; of a
            comparison, its difference counts.

    Example:
        >>> trend = over_trainings([1.0, 2.0, 3.0])
        >>> trend.mean, trend.sure, round(trend.p_value, 3)
        (2.0, 3, 0.074)
    """
    values = np.array(
        [f.difference if isinstance(f, Comparison) else f for f in found],
        dtype=np.float64,
    )
    n = len(rows_of(values))
    sure = sum(
        f.answer == 'more' if isinstance(f, Comparison) else f > 0
        for f in found
    )
    mean, low, high, p = float(values.mean()), np.nan, np.nan, 1.0
    if n > 1 and np.isfinite(mean):
        error = float(values.std(ddof=1) / np.sqrt(n))
        reach = float(scipy.stats.t.ppf(0.975, n - 1) * np.sqrt(n + 1)) * error
        low, high = mean - reach, mean + reach
        p = float(mean == 0)
        if error > 0:
            p = float(2 * scipy.stats.t.sf(abs(mean) / error, n - 1))
    return Trend(tuple(values.tolist()), mean, low, high, p, int(sure))


def lead(one: Iterable[float], other: Iterable[float]) -> Trend:
    """By how much one thing is ahead, over the trainings that both have.

    Example:
        >>> lead([3.0, 4.0, 9.0], [2.0, 2.0]).values
        (1.0, 2.0)
    """
    return over_trainings([a - b for a, b in zip(one, other)])


def rank_correlation(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Spearman's rho and Kendall's tau of two scorings of the same things.

    Returns:
        dict: ``spearman`` and ``kendall``; 0 where one of them is constant.

    Example:
        >>> found = rank_correlation(np.arange(5), -np.arange(5))
        >>> {name: round(value, 6) for name, value in found.items()}
        {'spearman': -1.0, 'kendall': -1.0}
    """
    a, b = rows_of(a), rows_of(b)
    if a.shape != b.shape or a.ndim != 1:
        raise InputError(
            f'scores of {a.shape} and {b.shape} channels are not comparable.'
        )
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return {'spearman': 0.0, 'kendall': 0.0}
    return {
        'spearman': float(scipy.stats.spearmanr(a, b).statistic),
        'kendall': float(scipy.stats.kendalltau(a, b).statistic),
    }


def p_text(p: float) -> str:
    """Write a p value.

    Example:
        >>> p_text(0.0004), p_text(0.25)
        ('p < 0.001', 'p = 0.25')
    """
    return 'p < 0.001' if p < 0.001 else f'p = {p:.2g}'


def p_cell(p: float) -> str:
    """Write a p value where the column says that it is one.

    Example:
        >>> p_cell(0.0004), p_cell(0.25)
        ('< 0.001', '0.25')
    """
    return p_text(p).replace('p = ', '').replace('p ', '')


def rows_of(samples: np.ndarray) -> np.ndarray:
    """What was measured, in double precision, or an error if there is none.

    Args:
        samples (ndarray): One row per image, or per training.
    """
    samples = np.asarray(samples, dtype=np.float64)
    if samples.ndim == 0 or len(samples) == 0:
        raise InputError('there is nothing to take statistics of.')
    return samples
