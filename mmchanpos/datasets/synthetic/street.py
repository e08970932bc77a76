"""Street scenes in which only the side tells two classes of cars apart.

Cars of the own lane stand in the right half, oncoming ones in the left half.
They are drawn from the same law and look the same in a mirror, and nothing
else in a scene depends on the side either. So a network that tells them apart
knows where it looks, and can know it from the borders of the image alone.
"""

from typing import Any

import numpy as np

from mmchanpos.errors import InputError

from . import sprites
from .people import Crowd, Figure
from .scene import Canvas, Scene
from .seeds import sample_rng
from .town import Ground, draw_town

#: Bodies of cars; the rest of the range is filled by any colour.
_PAINTS = np.array(
    [
        [0.9, 0.9, 0.9],
        [0.65, 0.67, 0.7],
        [0.12, 0.12, 0.13],
        [0.7, 0.1, 0.1],
        [0.12, 0.25, 0.6],
    ]
)


def draw_street(
    index: int,
    height: int = 64,
    width: int = 128,
    seed: int = 0,
    split: str = 'train',
    cars: tuple[int, int] = (1, 3),
) -> Scene:
    """Draw one street scene; equal arguments give equal bytes.

    Args:
        index (int): Number of the scene in its split.
        height (int): Height in pixels, at least 48.
        width (int): Width in pixels, at least 1.5 times the height.
        seed (int): Seed of the set.
        split (str): ``train``, ``val`` or ``test``: independent scenes.
        cars (tuple[int, int]): How few and how many stand on a side that has
            any. Defaults to 1 to 3; with more, more hangs on the side.

    Returns:
        Scene: Image, instances and people.

    Example:
        >>> scene = draw_street(0)
        >>> scene.image.shape, scene.train_ids.shape, scene.people.shape[1]
        ((64, 128, 3), (64, 128), 10)
    """
    if height < 48 or width < 1.5 * height:
        raise InputError(
            f'A street scene of {height}x{width} is too small or too narrow: '
            'its height must be 48 or more, its width at least 1.5 times that.'
        )
    if not 1 <= cars[0] <= cars[1]:
        raise InputError(
            f'cars={tuple(cars)}: how few and how many stand on a side, from '
            '1 on, is wanted.'
        )
    rng = sample_rng(seed, split, index)
    canvas = Canvas(height, width)
    ground = Ground(height, rng)
    draw_town(canvas, ground, rng)
    crowd = Crowd(canvas, ground, rng)
    crowd.assemble()
    figures = crowd.figures + _cars(canvas, ground, rng, cars)
    for figure in sorted(figures, key=lambda figure: figure.foot):
        figure.paint(canvas)
    image = _develop(canvas.image, rng)
    return Scene(image, canvas.instances, crowd.rows())


def draw_streets(
    n: int,
    height: int = 64,
    width: int = 128,
    seed: int = 0,
    split: str = 'train',
    **options: Any,
) -> list[Scene]:
    """Draw the first n scenes of a split; see :func:`draw_street`."""
    return [
        draw_street(i, height, width, seed, split, **options) for i in range(n)
    ]


def _cars(
    canvas: Canvas,
    ground: Ground,
    rng: np.random.Generator,
    count: tuple[int, int],
) -> list[Figure]:
    half = canvas.width // 2
    lanes = [('truck', 0), ('car', half)]
    # Mostly on one side only: that sets an image apart from its mirror image.
    if rng.random() < 0.7:
        lanes = [lanes[rng.integers(2)]]
    return [
        _car(canvas, ground, rng, name, start)
        for name, start in lanes
        for _ in range(rng.integers(count[0], count[1] + 1))
    ]


def _car(
    canvas: Canvas,
    ground: Ground,
    rng: np.random.Generator,
    name: str,
    start: int,
) -> Figure:
    half = canvas.width // 2
    # So far from the middle that no pixel of it is shared between the sides.
    gap = 1 + canvas.width // 64
    foot = round(rng.uniform(ground.kerb + 0.05 * canvas.height, ground.near))
    h = round(0.8 * ground.person_height(foot))
    w = min(round(h * rng.uniform(1.15, 1.35)), half - 2 * gap)
    x = start + gap + int(rng.integers(0, half - 2 * gap - w + 1))
    paint = _PAINTS[rng.integers(len(_PAINTS))]
    if rng.random() < 0.5:
        paint = rng.uniform(0.1, 0.9, 3)
    colours = [
        paint,
        np.array([0.16, 0.2, 0.25]),
        np.array([0.98, 0.93, 0.75]),
        0.35 * paint,
        np.array([0.9, 0.9, 0.88]),
        np.full(3, 0.06),
    ]
    box, sprite = (x, foot - h, w, h), sprites.car(h, w)
    return Figure(foot, box, sprite, colours, [canvas.new_instance(name)] * 6)


def _develop(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Light, lens and sensor: gain, a slight blur, noise."""
    image = image * np.float32(rng.uniform(0.8, 1.15))
    for axis in (0, 1):
        image = np.moveaxis(image, axis, 0)
        padded = np.concatenate([image[:1], image, image[-1:]])
        image = (padded[:-2] + 2 * image + padded[2:]) / 4
        image = np.moveaxis(image, 0, axis)
    image += 0.07 * (rng.random(image.shape, np.float32) - 0.5)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)
