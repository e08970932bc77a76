"""How much of a channel's variance its place on the map explains.

Everything here is a quadratic form in the mean maps of blocks of images,
computed once, and then evaluated for any weights of the blocks: for all of
them, for a bootstrap, for halves.
"""

from typing import Callable, Sequence, Union

import numpy as np

from mmchanpos.errors import InputError, choose
from mmchanpos.latent.cell_maps import CellMaps
from mmchanpos.latent.coordinates import FORMULAS, Formula, coordinates

from .score import portion

#: From the weights of the blocks, (K,), to scores, (C,).
Weighted = Callable[[np.ndarray], np.ndarray]


def explained(maps: CellMaps, axis: str = 'xy') -> Weighted:
    """Variance over places of the mean map / total variance (``anova``).

    What images have in common by chance is left out: the variance of the mean
    map is taken from products of *different* blocks, which is 0 on average
    where the place says nothing.

    Args:
        maps (CellMaps): Of one level.
        axis (str): ``'xy'`` for places, ``'x'`` or ``'y'`` for columns or
            rows alone. Defaults to ``'xy'``.

    Returns:
        Callable: Scores (C,) for any weights of the blocks; 0 for dead ones.
    """
    if axis not in ('xy', 'x', 'y'):
        raise InputError(f'axis="{axis}": "xy", "x" or "y" was wanted.')
    count, means = _means(maps)
    if axis != 'xy':
        means = means.mean(axis=2 if axis == 'x' else 3)
    flat = means.reshape(*means.shape[:2], -1)
    centred = flat - flat.mean(axis=2, keepdims=True)
    products = np.einsum('acp,bcp->abc', centred, centred) / flat.shape[2]
    moments = _moments(maps)

    def score(weights: np.ndarray) -> np.ndarray:
        share = weights * count
        pairs = np.outer(share, share)
        np.fill_diagonal(pairs, 0)
        between = np.einsum('ab,abc->c', pairs, products)
        return _per_variance(
            between / max(pairs.sum(), np.finfo(float).tiny), moments(share)
        )

    return score


def ramp(
    maps: CellMaps, formulas: Sequence[Union[str, Formula]] = tuple(FORMULAS)
) -> Weighted:
    """R^2 of position maps fitted on half of the images, on the others.

    Args:
        maps (CellMaps): Of one level.
        formulas (sequence): Names of position maps, see
            :data:`~mmchanpos.latent.coordinates.FORMULAS`, or functions of x
            and y from -1 to 1. Defaults to x, y and radius together.

    Returns:
        Callable: Scores (C,) for any weights of the blocks; 0 for dead ones,
        below 0 where the fit only misleads.
    """
    count, means = _means(maps)
    x, y = coordinates(*means.shape[2:])
    ones = np.ones_like(x)
    maps_of = [ones] + [_formula(f)(x, y) * ones for f in formulas]
    basis = np.linalg.svd(
        np.reshape(maps_of, (len(maps_of), -1)), full_matrices=False
    )[2]
    flat = means.reshape(*means.shape[:2], -1)
    fitted = flat @ basis.T
    products = np.einsum('acp,bcp->abc', fitted, fitted) / flat.shape[2]
    moments = _moments(maps)

    def score(weights: np.ndarray) -> np.ndarray:
        share = weights * count
        # Blocks that are there, in turn: a copy stays on its side.
        side = np.cumsum(share > 0) % 2
        found = []
        for fit in (0, 1):
            fitting, trying = share * (side == fit), share * (side != fit)
            if not (fitting.any() and trying.any()):
                return np.zeros(products.shape[2])
            a, b = fitting / fitting.sum(), trying / trying.sum()
            hit = np.einsum('a,b,abc->c', a, b, products)
            size = np.einsum('a,b,abc->c', a, a, products)
            square, mean, variance = moments(trying)
            error = square - 2 * hit + size
            found.append(
                _per_variance(variance - error, (square, mean, variance))
            )
        return np.mean(found, axis=0)

    return score


def information(maps: CellMaps) -> Weighted:
    """Share of the response's entropy that the part of the map tells.

    A response counts by its level among those of its own map, so that bright
    and dark images are alike. What shuffled maps seem to tell is taken off.

    Returns:
        Callable: Scores (C,) for any weights of the blocks, 1 where the part
        of the map decides the level.
    """
    names = ('bins', 'null_bins')
    tables = [maps.arrays[name].astype(float) for name in names]

    def score(weights: np.ndarray) -> np.ndarray:
        told, chance = (
            np.einsum('a,acpb->cpb', weights, table) for table in tables
        )
        entropy = _entropy(told.sum(axis=1))
        by_chance = _mutual(chance)
        return portion(_mutual(told) - by_chance, entropy - by_chance, True)

    return score


def _means(maps: CellMaps) -> Sequence[np.ndarray]:
    arrays = maps.arrays
    if not arrays:
        raise InputError(
            'no maps were recorded: the latent has one vector per image, or '
            'the pass did not ask for maps.'
        )
    count = arrays['count']
    if (count > 0).sum() < 2:
        raise InputError(
            f'{int(count.sum())} image is too few for scores of places.'
        )
    return count, arrays['sum'] / np.maximum(count, 1)[:, None, None, None]


def _moments(maps: CellMaps) -> Callable:
    """Mean square, mean and variance over images and places, (C,) each."""
    arrays = maps.arrays
    count = np.maximum(arrays['count'], 1)[:, None]
    mean = arrays['sum'].mean(axis=(2, 3)) / count
    square = arrays['square'] / count

    def of(share: np.ndarray) -> Sequence[np.ndarray]:
        weights = share / max(share.sum(), np.finfo(float).tiny)
        first, second = weights @ mean, weights @ square
        return second, first, second - first**2

    return of


def _per_variance(part: np.ndarray, moments: Sequence) -> np.ndarray:
    square, _, total = moments
    # A constant far from 0 has a variance that is rounding alone.
    return portion(part, total, squared=True, least=1e-12 * square)


def _formula(formula: Union[str, Formula]) -> Formula:
    if callable(formula):
        return formula
    return choose(FORMULAS, formula, 'there is no position map')


def _entropy(counts: np.ndarray) -> np.ndarray:
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-300)
    return -np.sum(share * np.log(np.where(share > 0, share, 1)), axis=-1)


def _mutual(table: np.ndarray) -> np.ndarray:
    both = table.reshape(*table.shape[:-2], -1)
    return np.maximum(
        _entropy(table.sum(axis=-1))
        + _entropy(table.sum(axis=-2))
        - _entropy(both),
        0.0,
    )
