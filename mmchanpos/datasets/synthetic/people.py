"""Who walks, rides, sits or stands about in a street scene.

The rows follow CityPersons: pedestrians and riders have a full and a visible
box, everybody else is there to be ignored. Heights spread evenly in law over
their logarithm, from 20 pixels (8 % of the scene, if that is less) to 42 % of
the scene; some pedestrians stand behind something that leaves 20 to 65 % of
them, or 65 to 95 %, in sight.
"""

from typing import Callable, NamedTuple, Optional

import numpy as np

from . import sprites
from .scene import LABEL_IDS, Box, Canvas, bounding_box
from .town import GREEN, Ground

IGNORE, PEDESTRIAN, RIDER, SITTING, OTHER, GROUP = range(6)
#: Width of a pedestrian's full box over its height.
ASPECT = 0.41


class Figure(NamedTuple):
    """Something to be painted once its turn has come, and perhaps a row.

    Attributes:
        foot (int): Row on which it stands; lower rows are painted later.
        box (Box): Full box x, y, w, h; it may leave the image.
        sprite (np.ndarray): Part numbers (h, w).
        colours (List): Colour of each part.
        instances (List): Instance of each part.
        row_class (Optional[int]): Class of its row, None without one.
    """

    foot: int
    box: Box
    sprite: np.ndarray
    colours: list
    instances: list
    row_class: Optional[int] = None

    def paint(self, canvas: Canvas) -> None:
        """Paint the sprite, and a shadow under it."""
        x, y, w, h = self.box
        canvas.shade((x - w // 8, y + h - h // 10, w + w // 4, h // 6), 0.35)
        canvas.paste(self.sprite, x, y, self.colours, self.instances)

    def row(self, canvas: Canvas) -> Optional[list[int]]:
        """Row of CityPersons, None for what nobody can see."""
        instance = self.instances[0]
        seen = bounding_box(canvas.instances == instance)
        if seen is None:
            return None
        # A side that nothing hides is that of the box: very small figures do
        # not fill their boxes.
        x, y, w, h = bounding_box(self.sprite > 0)
        drawn = _corners((self.box[0] + x, self.box[1] + y, w, h))
        sides = zip(_corners(seen), drawn, _corners(self.box))
        x1, y1, x2, y2 = (box if s == d else s for s, d, box in sides)
        visible = [x1, y1, x2 - x1, y2 - y1]
        upright = self.row_class in (PEDESTRIAN, RIDER)
        box = self.box if upright else visible
        return [self.row_class, *box, instance, *visible]


def _corners(box: Box) -> Box:
    x, y, w, h = box
    return x, y, x + w, y + h


class Crowd:
    """Everybody in one scene.

    Args:
        canvas (Canvas): Where they will be painted.
        ground (Ground): What they stand on.
        rng (np.random.Generator): Random numbers of the scene.

    Attributes:
        figures (list[Figure]): To be painted by rising ``foot``.
        extra_rows (list[list[int]]): Rows of regions that no single figure
            stands for.
    """

    def __init__(
        self, canvas: Canvas, ground: Ground, rng: np.random.Generator
    ) -> None:
        self.canvas, self.ground, self.rng = canvas, ground, rng
        self.figures: list[Figure] = []
        self.extra_rows: list[list[int]] = []
        # Some scenes have everybody on one side: the regions left and right.
        half = canvas.width // 2
        chance = rng.random()
        self.span = (-1, canvas.width + 1)
        if chance < 0.3:
            self.span = (0, half) if chance < 0.15 else (half, canvas.width)

    def assemble(self) -> None:
        """Draw lots for who is there."""
        rng = self.rng
        for _ in range(rng.integers(0, 5)):
            self._pedestrian()
        far = max(3, round(0.045 * self.canvas.height))
        lots = (
            (0.3, self._rider),
            (0.15, lambda: self._still(0.6, SITTING, sprites.sitter)),
            (0.12, lambda: self._still(0.9, OTHER, sprites.waver)),
            (0.15, lambda: self._gather(self._height(), (3, 6), GROUP)),
            (0.2, lambda: self._gather(far, (4, 8), IGNORE)),
            (0.2, self._poster),
        )
        for chance, add in lots:
            if rng.random() < chance:
                add()

    def rows(self) -> np.ndarray:
        """Rows (n, 10) of CityPersons, once everything has been painted."""
        known = [f for f in self.figures if f.row_class is not None]
        rows = [row for f in known if (row := f.row(self.canvas))]
        return np.array(rows + self.extra_rows, np.int64).reshape(-1, 10)

    def _height(self) -> int:
        low = min(20, 0.08 * self.canvas.height)
        high = 0.42 * self.canvas.height
        return max(4, round(low * (high / low) ** self.rng.random()))

    def _place(self, h: int, aspect: float = ASPECT) -> Box:
        w = max(2, round(aspect * h))
        low, high = self.span
        if low < 0:  # nobody minds the borders of the image
            x = self.rng.uniform(0, self.canvas.width) - w / 2
        else:
            x = self.rng.uniform(low, max(high - w, low))
        return self._within(round(x), w), self.ground.foot(h) - h, w, h

    def _within(self, x: int, w: int) -> int:
        low, high = self.span
        return x if low < 0 else int(np.clip(x, low, max(high - w, low)))

    def _clothes(self) -> list[np.ndarray]:
        rng = self.rng
        skin = np.array([0.85, 0.65, 0.52]) * rng.uniform(0.45, 1.1)
        hair = np.array([0.3, 0.22, 0.15]) * rng.uniform(0.2, 1.6)
        coat = rng.uniform(0.08, 0.9, 3)
        trousers = rng.uniform(0.08, 0.4) + rng.uniform(-0.05, 0.1, 3)
        return [skin, hair, coat, trousers, np.full(3, 0.1)]

    def _stand(
        self,
        box: Box,
        row_class: Optional[int] = PEDESTRIAN,
        sprite: Optional[np.ndarray] = None,
        instance: Optional[int] = None,
        nearer: int = 0,
    ) -> None:
        if sprite is None:
            sprite = sprites.person(box[3], box[2], self.rng.random())
        if instance is None:
            instance = self.canvas.new_instance('person')
        foot, parts = box[1] + box[3] + nearer, [instance] * 5
        figure = Figure(foot, box, sprite, self._clothes(), parts, row_class)
        self.figures.append(figure)

    def _pedestrian(self) -> None:
        rng = self.rng
        box = self._place(self._height())
        self._stand(box)
        lot = rng.random()
        heavily = rng.uniform(0.2, 0.65)
        lightly = rng.uniform(0.65, 0.95)
        if lot < 0.25:
            self._hide_below(box, heavily)
        elif lot < 0.35:
            self._hide_beside(box, heavily)
        elif lot < 0.45:
            self._hide_below(box, lightly)
        elif lot < 0.6:
            x, y, w, h = box
            step = rng.uniform(0.35, 0.9) * w * rng.choice([-1, 1])
            self._stand((self._within(x + round(step), w), y, w, h), nearer=1)

    def _hide_below(self, box: Box, left_over: float) -> None:
        x, y, w, h = box
        height = round((1 - left_over) * h)
        if height < 1:
            return
        width = round(w * self.rng.uniform(1.2, 2.2))
        leaves = GREEN * self.rng.uniform(0.7, 1.3)
        box = x - (width - w) // 2, y + h - height, width, height
        hedge = sprites.hedge(height, width)
        self._prop(box, hedge, [leaves, 1.3 * leaves], 'vegetation')

    def _hide_beside(self, box: Box, left_over: float) -> None:
        x, y, w, h = box
        covered = round((1 - left_over) * w)
        height = round(h * self.rng.uniform(1.02, 1.3))
        width = max(covered + 1, round(0.5 * h))
        left = self.rng.random() < 0.5
        x = x + covered - width if left else x + w - covered
        paint = self.rng.uniform(0.2, 0.7, 3)
        box = x, y + h - height, width, height
        column = sprites.column(height, width)
        self._prop(box, column, [paint, 0.6 * paint], 'static')

    def _prop(self, box: Box, sprite: np.ndarray, colours, name: str) -> None:
        instances = [LABEL_IDS[name]] * len(colours)
        foot = box[1] + box[3] + 1
        self.figures.append(Figure(foot, box, sprite, colours, instances))

    def _rider(self) -> None:
        x, y, w, h = box = self._place(self._height())
        person = self.canvas.new_instance('rider')
        bicycle = self.canvas.new_instance('bicycle')
        steel = self.rng.uniform(0.05, 0.3, 3)
        colours = [*self._clothes(), steel]
        parts = [person] * 5 + [bicycle]
        sprite = sprites.rider(h, w)
        self.figures.append(Figure(y + h, box, sprite, colours, parts, RIDER))

    def _still(self, aspect: float, row_class: int, draw: Callable) -> None:
        box = self._place(self._height(), aspect)
        self._stand(box, row_class, draw(box[3], box[2]))

    def _gather(self, h: int, count: tuple[int, int], row_class: int) -> None:
        people = self.rng.integers(*count)
        # One wide box for all of them, so that they stay together.
        step = 0.55 * ASPECT * h
        x, y, width, h = self._place(h, ASPECT + step * (people - 1) / h)
        w = max(2, round(ASPECT * h))
        for k in self.rng.permutation(people):
            member = (x + round(k * step), y, w, h)
            self._stand(member, None, instance=LABEL_IDS['person'])
        self._region((x, y, width, h), row_class)

    def _poster(self) -> None:
        low, high = self.span
        h = max(5, round(self.canvas.height * self.rng.uniform(0.08, 0.14)))
        w = max(2, round(ASPECT * h))
        frame = max(1, h // 8)
        high = min(high, self.canvas.width) - w
        x = int(self.rng.uniform(max(low, 0), high))
        y = self.ground.walk - h - 2 * frame
        wall = LABEL_IDS['building']
        board = x - frame, y - frame, w + 2 * frame, h + 2 * frame
        self.canvas.fill(board, self.rng.uniform(0.6, 0.95, 3), wall)
        figure = sprites.person(h, w, self.rng.random())
        self.canvas.paste(figure, x, y, self._clothes(), [wall] * 5)
        self._region((x, y, w, h), IGNORE)

    def _region(self, box: Box, row_class: int) -> None:
        x1, x2 = max(box[0], 0), min(box[0] + box[2], self.canvas.width)
        box = [x1, box[1], x2 - x1, box[3]]
        if row_class == GROUP:
            row = [GROUP, *box, LABEL_IDS['person'], 0, 0, 0, 0]
        else:
            row = [IGNORE, *box, 0, *box]
        self.extra_rows.append(row)
