"""Figures of the street scenes, at any size.

A sprite is a map (h, w) of part numbers, 0 where one sees through it. It is
written in its own frame: v from 0 (top) to 1 (bottom), u from -1 to 1.
"""

import numpy as np


def _frame(h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    v = (np.arange(h, dtype=np.float32) + 0.5)[:, None] / h
    u = 2 * (np.arange(w, dtype=np.float32) + 0.5)[None] / w - 1
    return v, u


def _sprite(h: int, w: int, *parts: np.ndarray) -> np.ndarray:
    sprite = np.zeros((h, w), np.uint8)
    for number, part in enumerate(parts, 1):
        sprite[part] = number
    return sprite


def _between(x: np.ndarray, low: float, high: float) -> np.ndarray:
    return (x >= low) & (x < high)


def _head(v: np.ndarray, u: np.ndarray, width: float = 0.38) -> np.ndarray:
    return (u / width) ** 2 + ((v - 0.09) / 0.09) ** 2 < 1


def person(h: int, w: int, stride: float = 0.5) -> np.ndarray:
    """Somebody upright who fills the box: skin, hair, coat, trousers, shoes.

    Args:
        h (int): Height in pixels.
        w (int): Width in pixels, usually .41 of the height.
        stride (float): How far the feet are apart, 0 to 1.

    Returns:
        np.ndarray: Part numbers (h, w).
    """
    v, u = _frame(h, w)
    head = _head(v, u)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.66)
    arms = _between(v, 0.19, 0.52) & _between(np.abs(u), 0.7, 1.01)
    apart = 0.26 + 0.5 * stride * (v - 0.52) / 0.48
    legs = (v >= 0.52) & (np.abs(np.abs(u) - apart) < 0.24)
    return _sprite(
        h, w, head, head & (v < 0.08), coat | arms, legs, legs & (v > 0.94)
    )


def sitter(h: int, w: int) -> np.ndarray:
    """Somebody on a bench, parts as in :func:`person`."""
    v, u = _frame(h, w)
    head = (u / 0.24) ** 2 + ((v - 0.13) / 0.13) ** 2 < 1
    coat = _between(v, 0.24, 0.66) & (np.abs(u) < 0.5)
    lap = _between(v, 0.6, 0.76) & (np.abs(u) < 1.01)
    legs = (v >= 0.7) & _between(np.abs(u), 0.62, 0.98)
    return _sprite(
        h, w, head, head & (v < 0.1), coat, lap | legs, legs & (v > 0.93)
    )


def waver(h: int, w: int) -> np.ndarray:
    """Somebody with both arms stretched out, parts as in :func:`person`."""
    v, u = _frame(h, w)
    head = _head(v, u, 0.18)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.3)
    arms = _between(v, 0.2, 0.28) & (np.abs(u) < 1.01)
    legs = (v >= 0.52) & _between(np.abs(u), 0.06, 0.28)
    return _sprite(
        h, w, head, head & (v < 0.08), coat | arms, legs, legs & (v > 0.94)
    )


def rider(h: int, w: int) -> np.ndarray:
    """A cyclist from the front: parts of :func:`person`, then the bicycle."""
    v, u = _frame(h, w)
    head = _head(v, u)
    coat = _between(v, 0.17, 0.56) & (np.abs(u) < 0.62)
    legs = _between(v, 0.5, 0.86) & _between(np.abs(u), 0.22, 0.56)
    wheel = (v > 0.62) & (np.abs(u) < 0.15)
    bar = _between(v, 0.47, 0.53) & (np.abs(u) < 1.01)
    return _sprite(
        h,
        w,
        head,
        head & (v < 0.08),
        coat,
        legs,
        legs & (v > 0.8),
        wheel | bar,
    )


def car(h: int, w: int) -> np.ndarray:
    """A car on the camera's axis, the same from the front, the back, and in a
    mirror: body, glass, lamps, grille, plate, wheels.
    """
    v, u = _frame(h, w)
    u = np.abs(u)
    cabin = (v < 0.46) & (u < 0.58 + 0.55 * v)
    body = _between(v, 0.4, 0.9) & (u + 0.6 * np.maximum(v - 0.8, 0) < 1.01)
    glass = _between(v, 0.08, 0.38) & (u < 0.46 + 0.6 * v)
    lamps = _between(v, 0.5, 0.64) & _between(u, 0.64, 0.94)
    grille = _between(v, 0.56, 0.8) & (u < 0.5)
    plate = _between(v, 0.68, 0.78) & (u < 0.22)
    wheels = (v > 0.78) & _between(u, 0.64, 0.95)
    return _sprite(h, w, cabin | body, glass, lamps, grille, plate, wheels)


def tree(h: int, w: int) -> np.ndarray:
    """A tree: trunk, crown, light side of the crown."""
    v, u = _frame(h, w)
    trunk = (v > 0.5) & (np.abs(u) < 0.12)
    bumps = 0.09 * np.sin(7 * np.arctan2(v - 0.35, u))
    crown = np.hypot(u, (v - 0.35) / 0.35) + bumps < 0.9
    light = np.hypot(u, (v - 0.27) / 0.24) + bumps < 0.7
    return _sprite(h, w, trunk, crown, crown & light)


def hedge(h: int, w: int) -> np.ndarray:
    """A hedge that fills its box, but for a bumpy top: leaves, light rim."""
    v, u = _frame(h, w)
    top = 0.06 * (1 + np.sin(9 * u + np.sin(23 * u)))
    return _sprite(h, w, v >= top, (v >= top) & (v < top + 0.14))


def column(h: int, w: int) -> np.ndarray:
    """An advertising column or a bin: body, bands."""
    v, u = _frame(h, w)
    bands = _between(v, 0.0, 0.05) | _between(v, 0.55, 0.6) | (v > 0.97)
    return _sprite(h, w, np.abs(u + 0 * v) < 1.01, bands & (np.abs(u) < 1.01))


def lamp_post(h: int, w: int) -> np.ndarray:
    """A lamp post: pole, lamp."""
    v, u = _frame(h, w)
    # At least two pixels wide, however far away.
    pole = np.abs(u) < max(0.2, 2 / w)
    return _sprite(h, w, pole & (v > 0.02), (v < 0.05) & (np.abs(u) < 1.01))
