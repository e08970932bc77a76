"""Zones of an image: rings around its middle, and boxes of one's own.

Rings are those of "Zone Evaluation: Revealing Spatial Bias in Object
Detection" (TPAMI 2024): how far a place is from the nearest border, in units
of the width or of the height. ``z01`` is from 0 to .1, the outer tenth, and
``z45`` the middle.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError

from .areas import REGIONS, Box, named_boxes, pixels

#: A number of rings, or own names with boxes or rings.
Zones = Union[int, Sequence[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Zone:
    """A part of an image, in fractions of its width and height.

    Args:
        outer (tuple): Box x1, y1, x2, y2.
        hole (tuple, optional): Box that does not belong to it. Without one a
            place on the left or upper edge is inside, as for the sides of a
            miss rate; a ring has its outer edges outside, as published.

    Example:
        >>> ring(0.1, 0.2).share
        0.28
        >>> ring(0.1, 0.2).mask(10, 10).sum(dim=1).tolist()
        [0, 8, 2, 2, 2, 2, 2, 2, 8, 0]
    """

    outer: Box
    hole: Optional[Box] = None

    @property
    def share(self) -> float:
        """Its part of the area of an image."""
        area = _area(self.outer) - (_area(self.hole) if self.hole else 0)
        return round(area, 10)

    def holds(
        self, boxes: np.ndarray, width: float, height: float
    ) -> np.ndarray:
        """Which boxes have their centre in it, (n,).

        Args:
            boxes (ndarray): Corners x1, y1, x2, y2, (n, 4).
            width (float): Of the image, or of the image of each box.
            height (float): As the width.
        """
        boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
        x, y = (boxes[:, :2] + (boxes[:, 2:] - boxes[:, :2]) / 2).T
        places = x / width, y / height
        if self.hole is None:
            return _within(places, self.outer, np.greater_equal)
        inner = _within(places, self.hole, np.greater)
        return _within(places, self.outer, np.greater) & ~inner

    def mask(self, height: int, width: int) -> Tensor:
        """Which pixels are in it, (height, width)."""
        return _mask(self, height, width)


def ring(near: float, far: float) -> Zone:
    """What is ``near`` to ``far`` from the border, at most .5."""
    if not 0 <= near < far <= 0.5:
        raise InputError(
            f'a ring from {near} to {far}: 0 <= from < to <= .5 was wanted.'
        )
    edges = [(d, d, 1 - d, 1 - d) for d in (near, far)]
    return Zone(edges[0], edges[1])


def named_zones(zones: Zones = 5) -> dict[str, Zone]:
    """Check zones and give them by name.

    Args:
        zones (Zones): A number of rings of equal width;
            names of :data:`~mmchanpos.evaluation.areas.REGIONS`; or own names
            with a box of four fractions, or with the two ends of a ring.

    Returns:
        dict: Name to zone, rings from the border to the middle.

    Example:
        >>> list(named_zones(5))
        ['z01', 'z12', 'z23', 'z34', 'z45']
        >>> zones = named_zones(dict(sky=(0, 0, 1, 0.3), edge=(0, 0.05)))
        >>> zones['sky'].share, zones['edge'].share
        (0.3, 0.19)
    """
    if isinstance(zones, int):
        if not 1 <= zones <= 9:
            raise InputError(f'{zones} zones: 1 to 9 were wanted.')
        edges = np.linspace(0, 0.5, zones + 1).round(10).tolist()
        return {
            f'z{i}{i + 1}': ring(edges[i], edges[i + 1]) for i in range(zones)
        }
    if not isinstance(zones, Mapping) or not zones:
        return {name: Zone(box) for name, box in named_boxes(zones).items()}
    return {
        name: ring(*part)
        if isinstance(part, (list, tuple)) and len(part) == 2
        else Zone(named_boxes({name: part})[name])
        for name, part in zones.items()
    }


#: The zone that everything belongs to.
WHOLE = Zone(REGIONS['overall'])


def zone_numbers(zones: Sequence[Zone], height: int, width: int) -> Tensor:
    """Number of the zone of every pixel, (height, width); of none, -1."""
    numbers = torch.full((height, width), -1)
    for i, zone in enumerate(zones):
        numbers[zone.mask(height, width)] = i
    return numbers


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _within(places, box, after) -> np.ndarray:
    inside = np.ones(len(places[0]), bool)
    for place, low, high in zip(places, box[:2], box[2:]):
        # A centre beyond the border belongs to what touches the border.
        if low > 0:
            inside &= after(place, low)
        if high < 1:
            inside &= place < high
    return inside


@lru_cache(maxsize=64)
def _mask(zone: Zone, height: int, width: int) -> Tensor:
    mask = torch.zeros(height, width, dtype=torch.bool)
    for box, value in ((zone.outer, True), (zone.hole, False)):
        if box is not None:
            x1, y1, x2, y2 = pixels(box, height, width)
            mask[y1:y2, x1:x2] = value
    return mask
