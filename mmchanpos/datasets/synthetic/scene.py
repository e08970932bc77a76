"""A street scene, and the canvas on which it is painted."""

from typing import NamedTuple, Optional, Sequence

import numpy as np

#: Cityscapes ids of what the scenes hold, and the ids that training uses.
LABEL_IDS = {
    'static': 4,
    'road': 7,
    'sidewalk': 8,
    'building': 11,
    'pole': 17,
    'vegetation': 21,
    'sky': 23,
    'person': 24,
    'rider': 25,
    'car': 26,
    'truck': 27,
    'bicycle': 33,
}
_TRAIN_IDS = {7: 0, 8: 1, 11: 2, 17: 5, 21: 8, 23: 10, 24: 11, 25: 12}
_TRAIN_IDS.update({26: 13, 27: 14, 33: 18})
TRAIN_IDS = np.full(256, 255, np.uint8)
TRAIN_IDS[list(_TRAIN_IDS)] = list(_TRAIN_IDS.values())

#: Train ids of the two classes that look the same: cars of the own lane, on
#: the right, bear the class car; oncoming ones, on the left, the class truck.
OWN_LANE, ONCOMING = 13, 14

Box = tuple[int, int, int, int]


class Scene(NamedTuple):
    """One street scene with all that is known about it.

    Attributes:
        image (np.ndarray): RGB (H, W, 3), uint8.
        instances (np.ndarray): (H, W) uint16, as in the ``instanceIds`` files
            of Cityscapes: 1000 times the label id plus a number for things
            that can be counted, else the label id.
        people (np.ndarray): Rows (n, 10) as in CityPersons: class, full box
            x, y, w, h, instance, visible box x, y, w, h; int64.
    """

    image: np.ndarray
    instances: np.ndarray
    people: np.ndarray

    @property
    def label_ids(self) -> np.ndarray:
        """Cityscapes label ids (H, W), uint8."""
        return label_ids(self.instances)

    @property
    def train_ids(self) -> np.ndarray:
        """The 19 train ids, 255 elsewhere, (H, W), uint8."""
        return TRAIN_IDS[self.label_ids]


def label_ids(instances: np.ndarray) -> np.ndarray:
    """Label ids of an instance map, uint8."""
    return np.where(instances < 1000, instances, instances // 1000).astype(
        np.uint8
    )


class Canvas:
    """Image and instances painted together, the farthest thing first.

    Args:
        height (int): Height in pixels.
        width (int): Width in pixels.

    Attributes:
        image (np.ndarray): (H, W, 3) float32, 0 to 1.
        instances (np.ndarray): (H, W) uint16.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self.image = np.zeros((height, width, 3), np.float32)
        self.instances = np.zeros((height, width), np.uint16)
        self._counts = {}

    def new_instance(self, name: str) -> int:
        """A fresh instance of a class that can be counted."""
        label = LABEL_IDS[name]
        self._counts[label] = self._counts.get(label, -1) + 1
        return 1000 * label + self._counts[label]

    def fill(
        self, box: Box, colour: np.ndarray, instance: Optional[int] = None
    ) -> None:
        """Paint a rectangle x, y, w, h; without instance, the image alone."""
        x, y, w, h = box
        window = (
            slice(max(y, 0), max(y + h, 0)),
            slice(max(x, 0), max(x + w, 0)),
        )
        self.image[window] = colour
        if instance is not None:
            self.instances[window] = instance

    def paste(
        self,
        sprite: np.ndarray,
        x: int,
        y: int,
        colours: Sequence[np.ndarray],
        instances: Sequence[int],
    ) -> None:
        """Paint a sprite with its top left corner at (x, y).

        Args:
            sprite (np.ndarray): Part numbers (h, w), 0 transparent. What
                leaves the canvas is cut off.
            x (int): Column of the corner.
            y (int): Row of the corner.
            colours (Sequence[np.ndarray]): Colour (3, ) of each part.
            instances (Sequence[int]): Instance of each part.
        """
        top, left = max(-y, 0), max(-x, 0)
        sprite = sprite[top : max(self.height - y, 0)]
        sprite = sprite[:, left : max(self.width - x, 0)]
        y, x = y + top, x + left
        window = (slice(y, y + sprite.shape[0]), slice(x, x + sprite.shape[1]))
        painted = sprite > 0
        parts = sprite[painted] - 1
        self.image[window][painted] = np.array(colours, np.float32)[parts]
        self.instances[window][painted] = np.array(instances, np.uint16)[parts]

    def shade(self, box: Box, strength: float) -> None:
        """Darken the ellipse in a box, as a shadow does."""
        x, y, w, h = box
        rows = np.arange(max(y, 0), min(y + h, self.height))
        columns = np.arange(max(x, 0), min(x + w, self.width))
        v = (rows[:, None] + 0.5 - y) / h * 2 - 1
        u = (columns[None] + 0.5 - x) / w * 2 - 1
        dark = 1 - strength * np.clip(2 * (1 - u * u - v * v), 0, 1)
        self.image[rows[:, None], columns[None]] *= dark[..., None]


def bounding_box(mask: np.ndarray) -> Optional[Box]:
    """Smallest box x, y, w, h around the true pixels, None without any.

    Example:
        >>> mask = np.zeros((4, 6), bool)
        >>> mask[1:3, 2] = True
        >>> bounding_box(mask)
        (2, 1, 1, 2)
    """
    rows = np.flatnonzero(mask.any(1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask.any(0))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def find_things(instances: np.ndarray) -> list[dict]:
    """Everything countable in an instance map (H, W), by rising instance.

    Returns:
        list[dict]: As COCO has them: ``category_id``, the Cityscapes label id;
        ``bbox`` x, y, w, h around the visible pixels; ``area``, how many these
        are; ``iscrowd``, 1 for a group that was not counted.
    """
    things = []
    for instance in np.unique(instances).tolist():
        group = instance == LABEL_IDS['person']
        if instance < 1000 and not group:
            continue
        mask = instances == instance
        things.append(
            dict(
                category_id=instance if group else instance // 1000,
                bbox=list(bounding_box(mask)),
                area=int(mask.sum()),
                iscrowd=int(group),
            )
        )
    return things
