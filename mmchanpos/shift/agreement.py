"""From cached predictions to consistency: exact, unbiased, with interval.

All functions take ``predictions``, integers of shape (n, S): the label that
each of n images got under each of its S shifts. Such a cache is small, and
every number of a report is arithmetic on it.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional

import numpy as np

from mmchanpos.errors import InputError

_CHUNK = 4096


def agreement(
    predictions: np.ndarray,
    agree: int = 2,
    distinct: bool = True,
    labels: Optional[np.ndarray] = None,
) -> np.ndarray:
    """Probability, per image, that ``agree`` shifts share one prediction.

    With n_c shifts of S that give class c, this is sum_c (n_c / S)^2 if the
    shifts are the whole grid and two draws may coincide (``distinct=False``),
    and the U-statistic sum_c n_c (n_c - 1) / (S (S - 1)) otherwise: exact for
    pairs of different shifts of the grid, unbiased for independent draws.

    Args:
        predictions (np.ndarray): Labels, shape (n, S).
        agree (int): How many shifts must agree. Defaults to 2.
        distinct (bool): Never pair a column with itself.
        labels (np.ndarray, optional): True classes, shape (n,). If given,
            only agreement on these counts, which is fidelity.

    Returns:
        np.ndarray: Shape (n,).

    Example:
        >>> agreement(np.array([[0, 0, 1]]), distinct=False).round(3).tolist()
        [0.556]
        >>> agreement(np.array([[0, 0, 1]])).round(3).tolist()
        [0.333]
        >>> agreement(np.array([[0, 0, 1]]), labels=np.array([1])).tolist()
        [0.0]
    """
    predictions = np.asarray(predictions)
    shifts = predictions.shape[1]
    if distinct and shifts < agree:
        raise InputError(
            f'{shifts} shifts cannot be compared in groups of {agree}.'
        )
    minus = np.arange(agree) * distinct
    total = np.prod(shifts - minus.astype(float))
    out = np.empty(len(predictions))
    for i in range(0, len(predictions), _CHUNK):
        part = predictions[i : i + _CHUNK].astype(np.int64)
        if labels is None:
            votes = _votes(part)
        else:
            votes = (part == labels[i : i + _CHUNK, None]).sum(1)[:, None]
        ways = np.ones(votes.shape)
        for m in minus:
            ways *= np.maximum(votes - m, 0)
        out[i : i + _CHUNK] = ways.sum(1) / total
    return out


def _votes(predictions: np.ndarray) -> np.ndarray:
    """How many shifts of each image voted for each class, shape (n, C)."""
    n, classes = len(predictions), int(predictions.max()) + 1
    flat = predictions + classes * np.arange(n)[:, None]
    return np.bincount(flat.ravel(), minlength=n * classes).reshape(n, -1)


@dataclass
class Agreement:
    """What a cache of predictions says, image by image.

    Attributes:
        consistency (np.ndarray): Probability that shifts agree, (n,).
        fidelity (np.ndarray): Probability that they agree and are right.
        accuracy (np.ndarray): Share of the shifts that are right, (n,).
        worst_case (np.ndarray): 1 if every shift is right, (n,).
        top1 (np.ndarray): 1 if the unshifted image is right, (n,).
        classes (int): How many different labels were predicted at all.
    """

    consistency: np.ndarray
    fidelity: np.ndarray
    accuracy: np.ndarray
    worst_case: np.ndarray
    top1: np.ndarray
    classes: int

    def summary(self, seed: int = 0) -> Dict[str, float]:
        """Means in per cent, and the 95 % interval of consistency.

        Args:
            seed (int): Seed of the bootstrap. Defaults to 0.

        Returns:
            Dict[str, float]: ``top1``, ``top1_shifted``, ``consistency``,
            ``consistency_low``, ``consistency_high``, ``fidelity`` and
            ``worst_case``.
        """
        low, high = interval(self.consistency, seed)
        return dict(
            top1=100 * float(self.top1.mean()),
            top1_shifted=100 * float(self.accuracy.mean()),
            consistency=100 * float(self.consistency.mean()),
            consistency_low=100 * low,
            consistency_high=100 * high,
            fidelity=100 * float(self.fidelity.mean()),
            worst_case=100 * float(self.worst_case.mean()),
        )

    @property
    def warning(self) -> Optional[str]:
        """Why the consistency should not be believed, or None.

        A constant classifier is perfectly consistent; fidelity tells it.
        """
        if self.classes == 1:
            return (
                'Every image got the same label, so consistency is 100 by '
                'itself; read fidelity instead.'
            )
        if self.fidelity.mean() < self.consistency.mean() / 2:
            return (
                'Most agreement is on wrong labels: read consistency only '
                'together with fidelity.'
            )
        return None


def measure(
    predictions: np.ndarray,
    labels: np.ndarray,
    original: np.ndarray,
    pair: str = 'two',
    agree: int = 2,
    distinct: bool = True,
) -> Agreement:
    """Everything that one cache of predictions says.

    Args:
        predictions (np.ndarray): Labels under shifts, shape (n, S).
        labels (np.ndarray): True classes, shape (n,).
        original (np.ndarray): Labels without a shift, shape (n,).
        pair (str): ``two`` shifts, or each against the ``original``.
        agree (int): How many shifts must agree, for ``two``.
        distinct (bool): See :func:`agreement`.

    Returns:
        Agreement: One value for every image.

    Example:
        >>> constant = np.zeros((4, 9), int)
        >>> found = measure(constant, np.arange(4), constant[:, 0])
        >>> found.summary()['consistency'], found.summary()['fidelity']
        (100.0, 25.0)
        >>> found.warning[:34]
        'Every image got the same label, so'
    """
    right = predictions == labels[:, None]
    if pair == 'original':
        same = predictions == original[:, None]
        consistency, fidelity = same.mean(1), (same & right).mean(1)
    else:
        consistency = agreement(predictions, agree, distinct)
        fidelity = agreement(predictions, agree, distinct, labels)
    return Agreement(
        consistency=consistency,
        fidelity=fidelity,
        accuracy=right.mean(1),
        worst_case=right.all(1).astype(float),
        top1=(original == labels).astype(float),
        classes=len(np.unique(predictions)),
    )


def curve(
    predictions: np.ndarray,
    labels: np.ndarray,
    original: np.ndarray,
    shifts: np.ndarray,
    **kwargs,
) -> List[Dict[str, float]]:
    """The measures for every radius up to that of an exhaustive grid.

    Args:
        predictions (np.ndarray): Labels on the grid, shape (n, S).
        labels (np.ndarray): True classes, shape (n,).
        original (np.ndarray): Labels without a shift, shape (n,).
        shifts (np.ndarray): The grid, offsets (dy, dx), shape (S, 2).
        **kwargs: Passed on to :func:`measure`.

    Returns:
        List[Dict[str, float]]: One summary for every radius, with
        ``max_shift``.
    """
    radius = np.abs(shifts).max(1)
    rows = []
    for r in np.unique(radius):
        # Radius 0 holds one shift, which has nothing to be paired with.
        if r > 0:
            inner = predictions[:, radius <= r]
            found = measure(inner, labels, original, **kwargs)
            rows.append(dict(max_shift=float(r), **found.summary()))
    return rows


def stability_map(predictions: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Labels of one image laid out as its grid of shifts.

    Args:
        predictions (np.ndarray): Labels on the grid, shape (S,).
        shifts (np.ndarray): The grid, offsets (dy, dx), shape (S, 2).

    Returns:
        np.ndarray: Labels, shape (rows, columns); -1 where there is none.

    Example:
        >>> grid = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> stability_map(np.array([3, 3, 5, 3]), grid).tolist()
        [[3, 3], [5, 3]]
    """
    rows, row = np.unique(shifts[:, 0], return_inverse=True)
    cols, col = np.unique(shifts[:, 1], return_inverse=True)
    out = np.full((len(rows), len(cols)), -1)
    out[row, col] = predictions
    return out


def interval(
    values: np.ndarray, seed: int = 0, resamples: int = 1000
) -> List[float]:
    """95 % bootstrap interval, over images, of the mean of ``values``.

    Args:
        values (np.ndarray): One value for every image, shape (n,).
        seed (int): Seed of the resampling. Defaults to 0.
        resamples (int): How many samples to draw. Defaults to 1000.

    Returns:
        List[float]: Lower and upper end.

    Example:
        >>> interval(np.ones(5))
        [1.0, 1.0]
    """
    rng = np.random.default_rng(seed)
    n = len(values)
    means = [values[rng.integers(n, size=n)].mean() for _ in range(resamples)]
    return [float(q) for q in np.percentile(means, (2.5, 97.5))]


class LatentSpread:
    """How far latents move under shifts, compared with other images.

    Plain latent MSE can be lowered by shrinking every feature. The scale-free
    invariance divides it by what two different images differ by:
    1 - MSE(shifts of one image) / MSE(different images).

    Args:
        count (int): How many shifts are taken of every image.
        exact (bool): Whether the shifts are the whole grid, so that their
            spread is no estimate. Defaults to False.

    Example:
        >>> spread = LatentSpread(2)
        >>> for z in (np.array([[0.], [4.]]), np.array([[1.], [5.]])):
        ...     spread.add(z)
        >>> spread.close()
        >>> result = spread.result()
        >>> round(result['latent_mse'], 6), round(result['invariance'], 3)
        (1.0, 0.939)
    """

    def __init__(self, count: int, exact: bool = False) -> None:
        self.count, self.exact = count, exact
        self.means: List[np.ndarray] = []
        self.squares: List[np.ndarray] = []
        self._sum = self._square = 0

    def add(self, latents: np.ndarray) -> None:
        """Take the latents of the current images, (B, C), under one shift."""
        latents = np.asarray(latents, np.float64)
        self._sum = self._sum + latents
        self._square = self._square + latents**2

    def close(self) -> None:
        """Finish the current images, whose shifts have all been added."""
        self.means.append(self._sum / self.count)
        self.squares.append((self._square / self.count).mean(1))
        self._sum = self._square = 0

    def result(self, keep: Optional[np.ndarray] = None) -> Dict[str, float]:
        """Sums over the images, from which :func:`latent_scores` follow.

        Args:
            keep (np.ndarray, optional): Mask of the images to count, (n,).

        Returns:
            Dict[str, float]: ``latent_mse`` and ``invariance``.
        """
        return latent_scores(*self.sums(keep), self.count, self.exact)

    def sums(self, keep: Optional[np.ndarray] = None) -> tuple:
        """Number of images, sum of means (C,), of their squares, of squares.

        Sums of several processes are added element by element.
        """
        means = np.concatenate(self.means)
        squares = np.concatenate(self.squares)
        if keep is not None:
            means, squares = means[keep], squares[keep]
        return (
            len(means),
            means.sum(0),
            float((means**2).mean(1).sum()),
            float(squares.sum()),
        )


def latent_scores(
    images: int,
    mean_sum: np.ndarray,
    mean_square: float,
    square: float,
    count: int,
    exact: bool = False,
) -> Dict[str, float]:
    """Latent MSE between shifts, and its scale-free form.

    Args:
        images (int): n.
        mean_sum (np.ndarray): Sum over images of their mean latent, (C,).
        mean_square (float): Sum over images of its mean square.
        square (float): Sum over images and mean over shifts of mean squares.
        count (int): Shifts per image.
        exact (bool): Whether these are the whole grid.

    Returns:
        Dict[str, float]: ``latent_mse`` and ``invariance``.
    """
    within = max(square - mean_square, 0) / images
    if not exact and count > 1:
        within *= count / (count - 1)
    mse = 2 * within
    if images < 2:
        return dict(latent_mse=mse, invariance=float('nan'))
    cross = ((mean_sum**2).mean() - mean_square) / (images * (images - 1))
    others = 2 * square / images - 2 * cross
    return dict(
        latent_mse=mse,
        invariance=float(1 - mse / others) if others > 0 else float('nan'),
    )
