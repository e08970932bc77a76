"""Small objects on small images, for classification.

An object is one of ten plane figures, of any colour and place and slightly
turned, on a shaded and cluttered ground. Only its outline tells the class.
"""

from typing import Callable, Sequence

import numpy as np

from mmchanpos.errors import InputError, one_of

from .seeds import sample_rng

Outline = Callable[[np.ndarray, np.ndarray], np.ndarray]

_CHUNK = 256
_BLOBS = 3
# Numbers that describe one image: object, ground, texture, then the blobs.
_NUMBERS = 20 + 6 * _BLOBS


def _box(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v))


def _bar(u: np.ndarray, v: np.ndarray, w: float, h: float) -> np.ndarray:
    return np.maximum(np.abs(u) - w, np.abs(v) - h)


def _star(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    rim = 0.62 + 0.34 * np.cos(5 * np.arctan2(u, -v))
    return 0.55 * (np.hypot(u, v) - rim)


#: Outlines around the origin, about 1 in radius: negative inside, and roughly
#: the distance to the edge near it.
OUTLINES: dict[str, Outline] = {
    'disc': lambda u, v: np.hypot(u, v) - 0.85,
    'ring': lambda u, v: np.abs(np.hypot(u, v) - 0.7) - 0.22,
    'square': lambda u, v: _box(u, v) - 0.78,
    'frame': lambda u, v: np.abs(_box(u, v) - 0.7) - 0.2,
    'triangle': lambda u, v: np.maximum(
        v - 0.68, 0.87 * np.abs(u) - 0.5 * v - 0.5
    ),
    'cross': lambda u, v: np.minimum(
        _bar(u, v, 0.28, 0.95), _bar(u, v, 0.95, 0.28)
    ),
    'star': _star,
    'crescent': lambda u, v: np.maximum(
        np.hypot(u, v) - 0.9, 0.8 - np.hypot(u - 0.5, v)
    ),
    'bars': lambda u, v: _bar(np.abs(u) - 0.52, v, 0.24, 0.9),
    'hourglass': lambda u, v: np.maximum(
        np.abs(v) - 0.85, 0.7 * (np.abs(u) - np.abs(v) - 0.08)
    ),
}
OBJECTS = tuple(OUTLINES)


def draw_objects(
    n: int,
    size: int = 32,
    classes: Sequence[str] = OBJECTS,
    seed: int = 0,
    split: str = 'train',
    spread: float = 0.32,
    noise: float = 0.12,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw images of one object each.

    Image i depends on i and the arguments after ``n`` alone, so a longer set
    begins with the shorter one.

    Args:
        n (int): How many images.
        size (int): Their height and width in pixels, at least 8.
        classes (Sequence[str]): Some of :data:`OBJECTS`, at least two.
        seed (int): Seed of the set.
        split (str): ``train``, ``val`` or ``test``: independent images.
        spread (float): Share of height and width over which the centres of
            objects lie. 0 puts all in the middle. Defaults to 0.32.
        noise (float): Range of the noise of every pixel, of 1 between black
            and white. Defaults to 0.12.

    Returns:
        tuple[np.ndarray, np.ndarray]: RGB images (n, size, size, 3) uint8 and
        labels (n, ) int64, the places of the figures in ``classes``.

    Example:
        >>> images, labels = draw_objects(6, size=16, classes=['disc', 'star'])
        >>> images.shape, images.dtype, sorted(set(labels.tolist()))
        ((6, 16, 16, 3), dtype('uint8'), [0, 1])
    """
    classes = tuple(classes)
    if n < 1:
        raise InputError(f'{n} images were asked for; at least 1 is needed.')
    if size < 8:
        raise InputError(
            f'Objects of {size} pixels cannot be told apart; give 8 or more.'
        )
    for name in classes:
        one_of(OBJECTS, name, 'There is no object')
    if len(set(classes)) != len(classes) or len(classes) < 2:
        raise InputError(
            f'At least two different classes are needed, not {classes}.'
        )
    if not 0 <= spread <= 1:
        raise InputError(f'spread={spread} is no share of an image, 0 to 1.')
    if not noise >= 0:
        raise InputError(f'noise={noise} is no range; give 0 or more.')
    images = np.empty((n, size, size, 3), np.uint8)
    labels = np.empty(n, np.int64)
    for start in range(0, n, _CHUNK):
        rngs = [
            sample_rng(seed, split, i)
            for i in range(start, min(start + _CHUNK, n))
        ]
        numbers = np.stack([r.random(_NUMBERS, np.float32) for r in rngs])
        grain = np.stack([r.random((size, size, 3), np.float32) for r in rngs])
        part = slice(start, start + len(rngs))
        labels[part] = numbers[:, 0] * len(classes)
        canvas = _draw(numbers, labels[part], size, classes, spread)
        canvas += noise * (grain - 0.5)
        images[part] = np.clip(canvas, 0, 1) * 255
    return images, labels


def _draw(
    numbers: np.ndarray,
    labels: np.ndarray,
    size: int,
    names: Sequence[str],
    spread: float,
) -> np.ndarray:
    take = iter(numbers.T[1:, :, None, None])
    y, x = np.mgrid[:size, :size].astype(np.float32)[:, None] + 0.5
    # The ground: its light, a slope, and waves.
    light = 0.2 + 0.6 * next(take)
    slope_y, slope_x = (0.3 * (next(take) - 0.5) for _ in range(2))
    wave_y, wave_x = (28 * (next(take) - 0.5) for _ in range(2))
    down, right = y / size, x / size
    wave = np.sin(wave_y * down + wave_x * right + 6.3 * next(take))
    shade = slope_y * (down - 0.5) + slope_x * (right - 0.5) + 0.05 * wave
    canvas = _coloured(light + shade, take)
    for _ in range(_BLOBS):
        cy, cx, r = (next(take) for _ in range(3))
        edge = np.hypot(y - cy * size, x - cx * size)
        edge -= (0.02 + 0.05 * r) * size
        canvas = _over(canvas, edge, light + 0.7 * (next(take) - 0.5), take)

    radius = (0.22 + 0.14 * next(take)) * size
    start = (1 - spread) / 2
    cy, cx = ((start + spread * next(take)) * size for _ in range(2))
    turn = 0.7 * (next(take) - 0.5)
    u = ((x - cx) * np.cos(turn) + (y - cy) * np.sin(turn)) / radius
    v = ((y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)) / radius
    edge = np.empty_like(u)
    for label, name in enumerate(names):
        mine = labels == label
        edge[mine] = OUTLINES[name](u[mine], v[mine])
    # Dark on light grounds and light on dark ones, so that it can be seen.
    contrast = np.where(light < 0.5, 1, -1) * (0.22 + 0.25 * next(take))
    return _over(canvas, edge * radius, light + contrast, take)


def _over(canvas: np.ndarray, edge: np.ndarray, light, take) -> np.ndarray:
    cover = np.clip(0.5 - edge, 0, 1)[..., None]
    return canvas + cover * (_coloured(light, take) - canvas)


def _coloured(light: np.ndarray, take) -> np.ndarray:
    red, blue = (0.3 * (next(take) - 0.5) for _ in range(2))
    rgb = light + red, light - (red + blue) / 2, light + blue
    return np.stack(np.broadcast_arrays(*rgb), axis=-1)
