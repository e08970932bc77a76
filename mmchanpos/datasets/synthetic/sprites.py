"""Figures of the street scenes, at any size.

A sprite is a map (h, w) of part numbers, 0 where one sees through it. It is
written in its own frame, part by part: v from 0 (top) to 1 (bottom), u from -1
to 1. Called with a height and a width in pixels, a figure gives its sprite.
"""

from functools import wraps
from typing import Callable, Sequence

import numpy as np


def _at_any_size(parts: Callable[..., Sequence[np.ndarray]]) -> Callable:
    @wraps(parts)
    def sprite(h: int, w: int, *options: float) -> np.ndarray:
        v = (np.arange(h, dtype=np.float32)[:, None] + 0.5) / h
        u = 2 * (np.arange(w, dtype=np.float32)[None] + 0.5) / w - 1
        sprite = np.zeros((h, w), np.uint8)
        for number, part in enumerate(parts(v, u, *options), 1):
            np.copyto(sprite, number, where=part)
        return sprite

    return sprite


def _between(x: np.ndarray, low: float, high: float) -> np.ndarray:
    return (x >= low) & (x < high)


def _head(v: np.ndarray, u: np.ndarray, width: float = 0.38) -> np.ndarray:
    return (u / width) ** 2 + ((v - 0.09) / 0.09) ** 2 < 1


@_at_any_size
def person(v: np.ndarray, u: np.ndarray, stride: float = 0.5) -> tuple:
    """Somebody upright who fills the box: skin, hair, coat, trousers, shoes.

    The width is usually .41 of the height; ``stride`` says how far the feet
    are apart, 0 to 1.
    """
    head = _head(v, u)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.66)
    arms = _between(v, 0.19, 0.52) & _between(np.abs(u), 0.7, 1.01)
    apart = 0.26 + 0.5 * stride * (v - 0.52) / 0.48
    legs = (v >= 0.52) & (np.abs(np.abs(u) - apart) < 0.24)
    return head, head & (v < 0.08), coat | arms, legs, legs & (v > 0.94)


@_at_any_size
def sitter(v: np.ndarray, u: np.ndarray) -> tuple:
    """Somebody on a bench, parts as in :func:`person`."""
    head = (u / 0.24) ** 2 + ((v - 0.13) / 0.13) ** 2 < 1
    coat = _between(v, 0.24, 0.66) & (np.abs(u) < 0.5)
    lap = _between(v, 0.6, 0.76)
    legs = (v >= 0.7) & _between(np.abs(u), 0.62, 0.98)
    return head, head & (v < 0.1), coat, lap | legs, legs & (v > 0.93)


@_at_any_size
def waver(v: np.ndarray, u: np.ndarray) -> tuple:
    """Somebody with both arms stretched out, parts as in :func:`person`."""
    head = _head(v, u, 0.18)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.3)
    arms = _between(v, 0.2, 0.28)
    legs = (v >= 0.52) & _between(np.abs(u), 0.06, 0.28)
    return head, head & (v < 0.08), coat | arms, legs, legs & (v > 0.94)


@_at_any_size
def rider(v: np.ndarray, u: np.ndarray) -> tuple:
    """A cyclist from the front: parts of :func:`person`, then the bicycle."""
    head = _head(v, u)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.62)
    legs = _between(v, 0.5, 0.86) & _between(np.abs(u), 0.22, 0.56)
    wheel = (v > 0.62) & (np.abs(u) < 0.15)
    bar = _between(v, 0.47, 0.53)
    hair, shoes = head & (v < 0.08), legs & (v > 0.8)
    return head, hair, coat, legs, shoes, wheel | bar


@_at_any_size
def car(v: np.ndarray, u: np.ndarray) -> tuple:
    """A car on the camera's axis, the same from the front, the back, and in a
    mirror: body, glass, lamps, grille, plate, wheels.
    """
    u = np.abs(u)
    cabin = (v < 0.46) & (u < 0.58 + 0.55 * v)
    body = _between(v, 0.4, 0.9) & (u + 0.6 * np.maximum(v - 0.8, 0) < 1.01)
    glass = _between(v, 0.08, 0.38) & (u < 0.46 + 0.6 * v)
    lamps = _between(v, 0.5, 0.64) & _between(u, 0.64, 0.94)
    grille = _between(v, 0.56, 0.8) & (u < 0.5)
    plate = _between(v, 0.68, 0.78) & (u < 0.22)
    wheels = (v > 0.78) & _between(u, 0.64, 0.95)
    return cabin | body, glass, lamps, grille, plate, wheels


@_at_any_size
def tree(v: np.ndarray, u: np.ndarray) -> tuple:
    """A tree: trunk, crown, light side of the crown."""
    trunk = (v > 0.5) & (np.abs(u) < 0.12)
    bumps = 0.09 * np.sin(7 * np.arctan2(v - 0.35, u))
    crown = np.hypot(u, (v - 0.35) / 0.35) + bumps < 0.9
    light = np.hypot(u, (v - 0.27) / 0.24) + bumps < 0.7
    return trunk, crown, crown & light


@_at_any_size
def hedge(v: np.ndarray, u: np.ndarray) -> tuple:
    """A hedge that fills its box, but for a bumpy top: leaves, light rim."""
    top = 0.06 * (1 + np.sin(9 * u + np.sin(23 * u)))
    return v >= top, (v >= top) & (v < top + 0.14)


@_at_any_size
def column(v: np.ndarray, u: np.ndarray) -> tuple:
    """An advertising column or a bin, which fills its box: body, bands."""
    return v > 0, (v < 0.05) | _between(v, 0.55, 0.6) | (v > 0.97)


@_at_any_size
def lamp_post(v: np.ndarray, u: np.ndarray) -> tuple:
    """A lamp post: pole, lamp."""
    # At least two pixels wide, however far away.
    pole = np.abs(u) < max(0.2, 2 / u.shape[1])
    return pole & (v > 0.02), v < 0.05
