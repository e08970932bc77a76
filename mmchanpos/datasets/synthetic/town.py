"""What stands still in a street scene: sky, houses, trees, pavement, road.

Every row of the ground looks the same from the left to the right border, in
law: nothing painted here tells on which side of the image one looks.
"""

import numpy as np

from . import sprites
from .scene import LABEL_IDS, Canvas

GREEN = np.array([0.25, 0.42, 0.2])
STEEL = np.array([0.33, 0.34, 0.36])


class Ground:
    """Where the ground planes of a scene begin, and how big things are there.

    Args:
        height (int): Height of the image.
        rng (np.random.Generator): Its random numbers.

    Attributes:
        vanish (float): Row in which everything becomes infinitely small.
        kerb (int): First row of the road.
        walk (int): First row of the pavement beyond the road.
        near (int): First row of the pavement before it, or the image height.
    """

    def __init__(self, height: int, rng: np.random.Generator) -> None:
        self.height = height
        self.vanish = height * rng.uniform(0.33, 0.39)
        self.walk = round(self.vanish + 0.03 * height)
        self.kerb = round(self.walk + height * rng.uniform(0.06, 0.12))
        strip = rng.uniform(0.05, 0.11) if rng.random() < 0.5 else 0
        self.near = round(height * (1 - strip))

    def person_height(self, row: float) -> float:
        """Height in pixels of somebody whose feet are in a row."""
        return row - self.vanish

    def foot(self, person_height: float) -> int:
        """Row of the feet of somebody of that height."""
        return round(self.vanish + person_height)


def draw_town(
    canvas: Canvas, ground: Ground, rng: np.random.Generator
) -> None:
    """Paint all that stands still, back to front."""
    _sky(canvas, ground, rng)
    _houses(canvas, ground, rng)
    _pavement_and_road(canvas, ground, rng)
    for _ in range(rng.integers(2, 6)):
        _tree(canvas, ground, rng)
    for _ in range(rng.integers(1, 4)):
        _lamp_post(canvas, ground, rng)


def _sky(canvas: Canvas, ground: Ground, rng: np.random.Generator) -> None:
    blue = np.array([0.45, 0.6, 0.8]) + rng.uniform(-0.1, 0.1)
    pale = np.array([0.85, 0.87, 0.88])
    fall = np.linspace(0, 1, ground.walk)[:, None, None]
    canvas.image[: ground.walk] = blue + fall * (pale - blue)
    canvas.instances[: ground.walk] = LABEL_IDS['sky']
    for _ in range(rng.integers(0, 4)):
        w = round(canvas.width * rng.uniform(0.1, 0.3))
        h = max(2, round(0.3 * w * rng.uniform(0.4, 1)))
        x, y = rng.integers(-w, canvas.width), rng.integers(0, ground.walk)
        canvas.shade((int(x), int(y), w, h), -0.15)


def _houses(canvas: Canvas, ground: Ground, rng: np.random.Generator) -> None:
    # From well outside, so that the border cuts houses like any other column.
    x = -canvas.height - int(rng.integers(0, canvas.height // 2))
    while x < canvas.width:
        w = round(canvas.height * rng.uniform(0.15, 0.5))
        if rng.random() < 0.85:
            top = round(canvas.height * rng.uniform(0.02, 0.24))
            _house(canvas, (x, top, w, ground.walk - top), rng)
        x += w


def _house(canvas: Canvas, box, rng: np.random.Generator) -> None:
    x, y, w, h = box
    wall = rng.uniform(0.3, 0.75) + rng.uniform(-0.08, 0.08, 3)
    wall = wall * np.array([1.05, 0.97, 0.88])
    canvas.fill(box, wall, LABEL_IDS['building'])
    pane = max(2, round(canvas.height * rng.uniform(0.03, 0.05)))
    pitch = round(pane * rng.uniform(1.6, 2.4))
    glass = wall * rng.uniform(0.35, 0.7)
    rows = slice(y + pane // 2 + 1, y + h - 1)
    inside = (np.arange(canvas.height)[rows, None] - rows.start) % pitch < pane
    left = max(x + 1, 0)
    # A house beyond the border has no columns, not those up to -1.
    right = max(min(x + w - 1, canvas.width), left)
    columns = np.arange(left, right)
    middle = (columns + 0.5 - x - w / 2) % pitch - pitch / 2
    panes = inside & (np.abs(middle) < 0.38 * pane)
    canvas.image[rows, left:right][panes] = glass
    # A roof line parts a house from its neighbour of the same colour.
    canvas.fill((x, y, w, max(1, pane // 3)), wall * 0.6)


def _pavement_and_road(
    canvas: Canvas, ground: Ground, rng: np.random.Generator
) -> None:
    height, width = canvas.height, canvas.width
    stone = rng.uniform(0.5, 0.68) * np.array([1.02, 1, 0.96])
    tar = rng.uniform(0.26, 0.42) * np.array([0.98, 1, 1.03])
    walk, kerb, near = ground.walk, ground.kerb, ground.near
    sidewalk, road = LABEL_IDS['sidewalk'], LABEL_IDS['road']
    canvas.fill((0, walk, width, kerb - walk), stone, sidewalk)
    canvas.fill((0, kerb, width, near - kerb), tar, road)
    canvas.fill((0, near, width, height - near), stone, sidewalk)
    line = max(1, height // 64)
    canvas.fill((0, kerb - line, width, line), stone * 1.25)
    canvas.fill((0, near, width, min(line, height - near)), stone * 1.25)
    for share in (0.3, 0.62):
        row = round(kerb + share * (near - kerb))
        dash = round(0.35 * ground.person_height(row)) + 2
        shift = int(rng.integers(0, 4 * dash))
        for x in range(-shift, width, 4 * dash):
            canvas.fill((x, row, 2 * dash, line), np.array([0.8, 0.8, 0.78]))


def _tree(canvas: Canvas, ground: Ground, rng: np.random.Generator) -> None:
    foot, h = _behind(ground, rng, 2)
    w = round(h * rng.uniform(0.5, 0.8))
    x = int(rng.integers(-w, canvas.width))
    leaves = GREEN * rng.uniform(0.7, 1.2)
    colours = [np.array([0.3, 0.22, 0.15]), leaves, leaves * 1.25]
    ids = [LABEL_IDS['vegetation']] * 3
    canvas.paste(sprites.tree(h, w), x, foot - h, colours, ids)


def _lamp_post(
    canvas: Canvas, ground: Ground, rng: np.random.Generator
) -> None:
    foot, h = _behind(ground, rng, 2.5)
    w = max(4, round(0.14 * h))
    x = int(rng.integers(-w, canvas.width))
    colours = [STEEL, np.array([0.9, 0.88, 0.75])]
    ids = [LABEL_IDS['pole']] * 2
    canvas.paste(sprites.lamp_post(h, w), x, foot - h, colours, ids)


def _behind(
    ground: Ground, rng: np.random.Generator, least: float
) -> tuple[int, int]:
    """Foot and height of something beyond the road, so many persons high."""
    foot = rng.uniform(ground.walk + 1, ground.kerb)
    h = round(ground.person_height(foot) * rng.uniform(least, 4))
    return round(foot), h
