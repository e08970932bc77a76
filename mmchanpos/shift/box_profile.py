"""Detections under shifts: objects kept, lost and found."""

from typing import Any, NamedTuple, Optional, Sequence

import numpy as np
from torch import Tensor

from .profile import ShiftProfile, ratio
from .protocol import ShiftProtocol

#: Areas in pixels below which an object is small, and medium.
SIZES = (32**2, 96**2)
#: So near to the edge of what both views show, an object may be cut by it.
EDGE = 2.0
_SIZE_NAMES = ('small', 'medium', 'large')
_FIELDS = ('kept', 'lost', 'found', 'pairs', 'confidence', 'place', 'overlap')


class Boxes(NamedTuple):
    """Detections of one image.

    Attributes:
        boxes (np.ndarray): x1, y1, x2, y2, (n, 4).
        scores (np.ndarray): (n,).
        labels (np.ndarray): (n,).
        size (tuple): Height and width of the image.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    size: tuple[int, int]


class BoxProfile(ShiftProfile):
    """Objects under a shift that is undone, matched by IoU and class.

    An object is a detection with a score of at least ``score``. It is kept if
    its partner is one too, lost if the shift takes it below, found if the
    shift brings it above; partners are sought among all detections.

    Args:
        test (ShiftProtocol): Which shifts, fractions of pixels included.
        score (float): From where a detection is an object. Defaults to 0.3.

    Example:
        >>> import torch
        >>> def predict(images):  # a box that moves with the image
        ...     x = float(images[0, 0].argmax() % 16)
        ...     box = np.array([[x - 2, 6, x + 2, 9]])
        ...     return [Boxes(box, np.ones(1), np.zeros(1), (16, 16))]
        >>> image = torch.zeros(1, 1, 16, 16)
        >>> image[..., 7, 7] = 1
        >>> profile = BoxProfile(
        ...     ShiftProtocol(max_shift=3, axes='x', exhaustive=True))
        >>> profile.profile(predict, image, np.arange(1))
        >>> profile.report()['consistency']
        100.0
    """

    predicts = 'boxes'
    names = (
        *('agreement', 'lost', 'found', 'confidence', 'place', 'overlap'),
        *('border', *_SIZE_NAMES, 'objects'),
    )

    def __init__(self, test: ShiftProtocol, score: float = 0.3) -> None:
        super().__init__(test)
        self.score = score

    def begin(self, before: Sequence[Boxes], truths: Optional[Tensor]) -> None:
        """Take detections; a truth is not asked for."""
        self._before = before

    def compare(
        self, after: Sequence[Boxes], offsets: np.ndarray
    ) -> np.ndarray:
        """Count objects of each image by size and place."""
        each = map(self._of_image, self._before, after, offsets)
        return np.stack([sums.ravel() for sums in each])

    def _of_image(
        self, one: Boxes, other: Boxes, offset: np.ndarray
    ) -> np.ndarray:
        sums = np.zeros((len(_SIZE_NAMES), 2, len(_FIELDS)), np.float32)
        dy, dx = offset
        other = other._replace(boxes=other.boxes - [dx, dy, dx, dy])
        first, second, iou = match(one, other)
        partner = np.full(len(one.boxes), -1)
        partner[first] = np.arange(len(first))
        alone = np.setdiff1d(np.arange(len(other.boxes)), second)
        cells = [_cells(view, one.size, offset) for view in (one, other)]

        def add(field: str, cell: np.ndarray, values: Any = 1.0) -> None:
            at = _FIELDS.index(field)
            np.add.at(sums[..., at], tuple(cell.T), values)

        was = one.scores >= self.score
        stays = other.scores >= self.score
        a, b = was[first], stays[second]
        add('kept', cells[0][first[a & b]])
        add('lost', cells[0][first[a & ~b]])
        add('lost', cells[0][was & (partner < 0)])
        add('found', cells[1][second[~a & b]])
        add('found', cells[1][alone[stays[alone]]])
        pair, kept = a | b, a & b
        change = np.abs(other.scores[second] - one.scores[first])
        add('pairs', cells[0][first[pair]])
        add('confidence', cells[0][first[pair]], change[pair])
        centres = [v.boxes[:, :2] + v.boxes[:, 2:] for v in (one, other)]
        far = np.hypot(*(centres[1][second] - centres[0][first]).T / 2)
        add('place', cells[0][first[kept]], far[kept])
        add('overlap', cells[0][first[kept]], iou[kept])
        return sums

    def values(self, sums: np.ndarray) -> np.ndarray:
        """Of objects that no edge cuts, but for ``border``.

        In per cent, but for ``place`` (pixels) and ``objects`` (per image, a
        sum over the shifts).
        """
        sums = np.asarray(sums, float)
        sums = sums.reshape(
            *sums.shape[:-1], len(_SIZE_NAMES), 2, len(_FIELDS)
        )
        kept, lost, found, pairs, confidence, place, overlap = np.moveaxis(
            sums[..., 0, :].sum(-2), -1, 0
        )
        objects = kept + lost + found
        values: list[Any] = [
            *(100 * ratio(part, objects) for part in (kept, lost, found)),
            100 * ratio(confidence, pairs),
            ratio(place, kept),
            100 * ratio(overlap, kept),
            _kept(sums[..., 1, :].sum(-2)),
            *(_kept(sums[..., i, 0, :]) for i in range(len(_SIZE_NAMES))),
            objects,
        ]
        return np.stack(values, -1)


def match(
    one: Boxes, other: Boxes, overlap: float = 0.5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Partners of one class, best overlap first; nobody has two.

    Args:
        one (Boxes): Detections.
        other (Boxes): Detections of the same picture.
        overlap (float): Least IoU. Defaults to 0.5.

    Returns:
        tuple: Numbers in ``one``, numbers in ``other``, and their IoU.

    Example:
        >>> def boxes(*rows):
        ...     n = len(rows)
        ...     return Boxes(np.array(rows), np.ones(n), np.zeros(n), (9, 9))
        >>> match(boxes([0, 0, 4, 4]), boxes([5, 5, 9, 9], [0, 0, 4, 3]))[:2]
        (array([0]), array([1]))
    """
    iou = _iou(one.boxes, other.boxes)
    iou[one.labels[:, None] != other.labels[None]] = 0
    rows, columns = np.nonzero(iou >= max(overlap, 1e-9))
    order = np.argsort(-iou[rows, columns], kind='stable')
    partner: dict[int, int] = {}
    taken = set()
    for i, j in zip(rows[order].tolist(), columns[order].tolist()):
        if i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    first, second = np.array([*partner.items()], int).reshape(-1, 2).T
    return first, second, iou[first, second]


def _iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    low = np.maximum(one[:, None, :2], other[None, :, :2])
    high = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both = np.clip(high - low, 0, None).prod(-1)
    areas = [(b[:, 2:] - b[:, :2]).prod(-1) for b in (one, other)]
    return ratio(both, areas[0][:, None] + areas[1][None] - both)


def _cells(
    view: Boxes, size: tuple[int, int], offset: np.ndarray
) -> np.ndarray:
    """Size of each object, and whether an edge may cut it, (n, 2)."""
    far = np.array(size, float)
    low, high = np.maximum(0, -offset), np.minimum(far, far - offset)
    low, high = low[::-1] + EDGE, high[::-1] - EDGE  # x before y
    boxes = view.boxes
    whole = (boxes[:, :2] >= low).all(1) & (boxes[:, 2:] <= high).all(1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return np.stack([np.searchsorted(SIZES, area, 'right'), ~whole], 1)


def _kept(sums: np.ndarray) -> np.ndarray:
    kept, lost, found = (sums[..., i] for i in range(3))
    return 100 * ratio(kept, kept + lost + found)
