"""From cached predictions to consistency: exact, unbiased, with interval.

All functions take ``predictions``, integers of shape (n, S): the label that
each of n images got under each of its S shifts. Such a cache is small, and
every number of a report is arithmetic on it.
"""

from dataclasses import dataclass
from typing import Optional

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.statistics import bootstrap_interval

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

    def summary(self) -> dict[str, float]:
        """Means in per cent, and the 95 % interval of consistency.

        Returns:
            dict[str, float]: ``top1``, ``top1_shifted``, ``consistency``,
            ``consistency_low``, ``consistency_high``, ``fidelity`` and
            ``worst_case``.
        """
        low, high = bootstrap_interval(self.consistency)
        means = dict(
            top1=self.top1.mean(),
            top1_shifted=self.accuracy.mean(),
            consistency=self.consistency.mean(),
            consistency_low=low,
            consistency_high=high,
            fidelity=self.fidelity.mean(),
            worst_case=self.worst_case.mean(),
        )
        return {name: 100 * float(mean) for name, mean in means.items()}

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
) -> list[dict[str, float]]:
    """The measures for every radius up to that of an exhaustive grid.

    Args:
        predictions (np.ndarray): Labels on the grid, shape (n, S).
        labels (np.ndarray): True classes, shape (n,).
        original (np.ndarray): Labels without a shift, shape (n,).
        shifts (np.ndarray): The grid, offsets (dy, dx), shape (S, 2).
        **kwargs: Passed on to :func:`measure`.

    Returns:
        list[dict[str, float]]: One summary for every radius, with
        ``max_shift``.
    """
    # Only different shifts can be too few to agree.
    apart = kwargs.get('pair') != 'original' and kwargs.get('distinct', True)
    fewest = kwargs.get('agree', 2) if apart else 2
    radius = np.abs(shifts).max(1)
    rows = []
    for r in np.unique(radius):
        inner = predictions[:, radius <= r]
        # Radius 0 holds one shift, which has nothing to be paired with.
        if r > 0 and inner.shape[1] >= fewest:
            found = measure(inner, labels, original, **kwargs)
            rows.append(dict(max_shift=float(r), **found.summary()))
    return rows


def stability_map(values: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """What was found under each shift, laid out as their grid.

    Args:
        values (np.ndarray): Labels or shares on the grid, shape (S,).
        shifts (np.ndarray): The grid, offsets (dy, dx), shape (S, 2).

    Returns:
        np.ndarray: Shape (rows, columns); NaN where no shift was tried.

    Example:
        >>> grid = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> stability_map(np.array([3, 3, 5, 3]), grid).tolist()
        [[3.0, 3.0], [5.0, 3.0]]
    """
    rows, row = np.unique(shifts[:, 0], return_inverse=True)
    cols, col = np.unique(shifts[:, 1], return_inverse=True)
    out = np.full((len(rows), len(cols)), np.nan)
    out[row, col] = values
    return out
