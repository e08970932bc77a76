"""How much a linear read-out knows of places, from covariances alone."""

from typing import Any, Optional, Sequence

import numpy as np
from scipy import linalg

from .moments import Moments

#: Eigenvalues below this share of the largest one are no part of the range.
RANGE = 1e-8
#: Strengths of a read-out's ridge, for channels of unit variance.
_RIDGES = (1e-2, 0.3, 10.0, 100.0)


def ridge_r2(fitted: Moments, tried: Moments) -> np.ndarray:
    """R^2 on other images of the best of several ridge read-outs, (T,).

    With fewer places than channels plain least squares would only learn the
    images by heart. Channels count alike, whatever their scale.
    """
    scale = np.sqrt(np.diag(fitted.covariance))
    live = scale > 1e-6 * max(scale.max(), np.finfo(float).tiny)
    if not live.any():
        return np.zeros(len(fitted.targets))
    unit = 1 / scale[live]
    spread, other = (
        part.covariance[np.ix_(live, live)] * np.outer(unit, unit)
        for part in (fitted, tried)
    )
    cross, found = (
        part.cross[live] * unit[:, None] for part in (fitted, tried)
    )
    apart = (tried.mean - fitted.mean)[live] * unit
    targets = np.diag(tried.of_targets)
    best = np.zeros(len(targets))
    for ridge in _RIDGES:
        whole = spread + ridge * np.eye(len(spread))
        weights = linalg.solve(whole, cross, assume_a='pos')
        best = np.maximum(best, _r2(weights, other, found, apart, targets))
    return best


def residual_r2(
    fitted: Moments,
    tried: Optional[Moments] = None,
    eraser: Any = None,
    keep: Optional[Sequence[bool]] = None,
) -> np.ndarray:
    """R^2 of a linear read-out of the targets, after erasure or zeroing.

    The read-out is fitted anew on the latent as it is then: what counts is
    what is left to know, not what one read-out missed.

    Args:
        fitted (Moments): Of the images to fit on.
        tried (Moments, optional): Of other images. Defaults to the same.
        eraser (Eraser, optional): What was taken away.
        keep (Sequence[bool], optional): Channels that were left on.

    Returns:
        ndarray: One R^2 per target, (T,), and 0 where guessing is better.
    """
    change = np.eye(len(fitted.mean)) if eraser is None else eraser.matrix
    if keep is not None:
        change = change[np.asarray(keep, dtype=bool)]
    tried = tried or fitted
    weights = regressed(
        change @ fitted.covariance @ change.T,
        change @ fitted.cross,
        fitted.covariance,
    )
    return np.maximum(
        _r2(
            weights,
            change @ tried.covariance @ change.T,
            change @ tried.cross,
            change @ (tried.mean - fitted.mean),
            np.diag(tried.of_targets),
        ),
        0.0,
    )


def regressed(
    covariance: np.ndarray, cross: np.ndarray, before: np.ndarray
) -> np.ndarray:
    """Least-squares weights, (C, T), on directions that are not rounding.

    The ``covariance`` is that of the latent, (C, C), ``cross`` that with the
    targets, (C, T), and ``before`` that of the latent before any erasure,
    which gives the scale.
    """
    values, vectors = np.linalg.eigh(covariance)
    there = values > RANGE * np.linalg.norm(before, 2)
    vectors = vectors[:, there]
    return (vectors / values[there]) @ (vectors.T @ cross)


def _r2(
    weights: np.ndarray,
    covariance: np.ndarray,
    cross: np.ndarray,
    apart: np.ndarray,
    targets: np.ndarray,
) -> np.ndarray:
    """R^2 of a read-out on images whose mean lies apart, (T,)."""
    error = (
        targets
        - 2 * np.einsum('ct,ct->t', weights, cross)
        + np.einsum('ct,ct->t', weights, covariance @ weights)
        # The read-out's constant is right for the images it was fitted on.
        + (apart @ weights) ** 2
    )
    # On a map of 2 x 2 every place is as far from the centre.
    varies = targets > 1e-12
    return np.where(varies, 1 - error / np.where(varies, targets, 1.0), 0.0)
