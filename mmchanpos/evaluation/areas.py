"""Intersection and union in several regions of an image, in one count."""

from typing import Any, Callable, Mapping, Sequence, Union

import torch
from torch import Tensor

from mmchanpos.errors import InputError, nearest

from .label_counts import count, label_counts

Box = tuple[float, float, float, float]

#: x1, y1, x2, y2 as fractions of the image; halves and the middle half.
REGIONS: dict[str, Box] = {
    'overall': (0.0, 0.0, 1.0, 1.0),
    'left': (0.0, 0.0, 0.5, 1.0),
    'center': (0.25, 0.0, 0.75, 1.0),
    'right': (0.5, 0.0, 1.0, 1.0),
    'top': (0.0, 0.0, 1.0, 0.5),
    'bottom': (0.0, 0.5, 1.0, 1.0),
}


def named_boxes(
    regions: Union[Sequence[str], Mapping[str, Union[str, Sequence[float]]]],
) -> dict[str, Box]:
    """Check regions and turn names into boxes.

    Args:
        regions (Sequence | Mapping): Names of :data:`REGIONS`, or own names
            with boxes x1, y1, x2, y2 as fractions of width and height.

    Returns:
        dict[str, Box]: Name to box, in the given order.

    Example:
        >>> named_boxes(['left'])
        {'left': (0.0, 0.0, 0.5, 1.0)}
        >>> named_boxes({'sky': (0, 0, 1, 0.3)})
        {'sky': (0.0, 0.0, 1.0, 0.3)}
    """
    if isinstance(regions, str):
        regions = [regions]
    if not isinstance(regions, Mapping):
        regions = {name: name for name in regions}
    if not regions:
        raise InputError(
            f'regions is empty; wanted some of {", ".join(REGIONS)}, or '
            'names with boxes.'
        )
    return {name: _box(name, box) for name, box in regions.items()}


def _box(name: str, box: Union[str, Sequence[float]]) -> Box:
    if isinstance(box, str):
        if box not in REGIONS:
            raise InputError(
                f'region "{box}" is unknown. {nearest(box, REGIONS)} A box '
                'of your own: regions=dict(sky=(0, 0, 1, 0.3)).'
            )
        return REGIONS[box]
    try:
        x1, y1, x2, y2 = map(float, box)
    except (TypeError, ValueError) as e:
        raise InputError(
            f'region "{name}" is {box!r}; four numbers x1, y1, x2, y2 were '
            'wanted.'
        ) from e
    if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
        raise InputError(
            f'region "{name}" is {box!r}; fractions of the image were '
            'wanted, 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1.'
        )
    return x1, y1, x2, y2


def pixels(box: Box, height: int, width: int) -> tuple[int, int, int, int]:
    """Turn a box of fractions into pixels x1, y1, x2, y2, ends excluded.

    Example:
        >>> pixels(REGIONS['center'], 1024, 2048)
        (512, 0, 1536, 1024)
    """
    # Halves round up, so that left and right share no column of an odd width.
    return tuple(
        int(fraction * size + 0.5)
        for fraction, size in zip(box, (width, height, width, height))
    )


class RegionAreas:
    """The truth of one image, ready to be compared with predictions.

    The edges of all regions cut the image into cells; one ``bincount`` over
    (cell, truth, prediction) then serves every region. What depends on the
    truth alone is computed once, so that comparing many predictions of the
    same image costs one addition and one count each.

    Args:
        truth (Tensor): Class of every pixel, (H, W).
        boxes (Mapping[str, Box]): From :func:`named_boxes`.
        num_classes (int): Number of classes.
        ignore_index (int): Truth of pixels that do not count. Defaults to
            255.

    Example:
        >>> truth = torch.tensor([[0, 0, 1, 255]])
        >>> areas = RegionAreas(truth, named_boxes(['left', 'right']), 2)
        >>> left, right = areas.of(torch.tensor([[0, 1, 1, 1]]))
        >>> left.tolist()  # intersection, prediction, truth of each class
        [[1, 0], [1, 1], [2, 0]]
        >>> right.tolist()
        [[0, 1], [0, 1], [0, 1]]
    """

    def __init__(
        self,
        truth: Tensor,
        boxes: Mapping[str, Box],
        num_classes: int,
        ignore_index: int = 255,
    ) -> None:
        if truth.ndim != 2:
            raise InputError(
                f'truth of shape {tuple(truth.shape)} is no map (H, W).'
            )
        height, width = self.shape = truth.shape
        self.num_classes = num_classes
        edges = [pixels(box, height, width) for box in boxes.values()]
        x1, y1, x2, y2 = zip(*edges)
        columns, across = _cut(x1, x2, width)
        rows, down = _cut(y1, y2, height)
        # (R, cells): in double precision, as a GPU multiplies no integers.
        inside = (down[:, :, None] & across[:, None, :]).flatten(1)
        self._inside = inside.double().to(truth.device)
        # One class more, for labels and predictions that are none of them.
        wide = num_classes + 1
        cell = rows[:, None] * across.shape[1] + columns
        code = cell.to(truth.device) * wide + _known(truth, num_classes)
        self._ignored = inside.shape[1] * wide * wide
        ignored = truth == ignore_index
        code = (code * wide).masked_fill_(ignored, self._ignored)
        self._code = code.int()

    def of(self, prediction: Tensor) -> Tensor:
        """Count a prediction.

        Args:
            prediction (Tensor): Class of every pixel, (H, W).

        Returns:
            Tensor: Pixels of intersection, prediction and truth by region
            and class, int64 where the truth is, (R, 3, classes).
        """
        if prediction.shape != self.shape:
            raise InputError(
                f'prediction of shape {tuple(prediction.shape)} for a truth '
                f'of shape {tuple(self.shape)}.'
            )
        known = _known(prediction.to(self._code.device), self.num_classes)
        return self._by_region(count(self._code + known, self._bins))

    def of_logits(self, logits: Tensor, align_corners: bool) -> Tensor:
        """Count what small logits predict; see :func:`label_counts`.

        Args:
            logits (Tensor): Of A predictions, with a channel for each class,
                (A, classes, h, w).
            align_corners (bool): Of the enlargement to the image.

        Returns:
            Tensor: As of :meth:`of`, (A, R, 3, classes).
        """
        if logits.shape[1] != self.num_classes:
            raise InputError(
                f'logits of {logits.shape[1]} channels for a truth of '
                f'{self.num_classes} classes.'
            )
        counts = label_counts(logits, self._code, self._bins, align_corners)
        return self._by_region(counts)

    @property
    def _bins(self) -> int:
        return self._ignored + self.num_classes + 1

    def _by_region(self, counts: Tensor) -> Tensor:
        wide = self.num_classes + 1
        kept = counts[..., : self._ignored].double()
        cells = kept.unflatten(-1, (-1, wide * wide))
        matrix = (self._inside @ cells).long().unflatten(-1, (wide, wide))
        intersection = matrix.diagonal(dim1=-2, dim2=-1)
        parts = (intersection, matrix.sum(-2), matrix.sum(-1))
        return torch.stack(parts, dim=-2)[..., : self.num_classes]


class Truths:
    """The truths seen last, each made ready once for all who compare with it.

    Every ablation of a sweep has a metric of its own, and all of them get the
    truth in one and the same memory. That is how it is recognised: it is held
    here, so that memory cannot come to hold another one unnoticed.

    Args:
        pixels (int): How many to hold, so that a batch of any size of images
            has room. Defaults to 2 ** 25.

    Example:
        >>> truths, truth = Truths(), torch.zeros(2, 2).int()
        >>> first = truths.ready(truth, ('twice',), lambda: truth * 2)
        >>> truths.ready(truth[:], ('twice',), lambda: truth * 2) is first
        True
        >>> truth = truth.add_(1)
        >>> truths.ready(truth, ('twice',), lambda: truth * 2)[0]
        tensor([2, 2], dtype=torch.int32)
    """

    def __init__(self, pixels: int = 2**25) -> None:
        self.pixels = pixels
        self._held: dict[tuple, tuple[Tensor, Any]] = {}

    def ready(self, truth: Tensor, how: tuple, make: Callable) -> Any:
        """What ``make`` gives of a truth, or gave when asked in this way."""
        key = (
            # A number that goes up when the truth is written to.
            *(truth.data_ptr(), truth._version, truth.device, truth.dtype),
            *(truth.shape, truth.stride(), how),
        )
        if key not in self._held:
            self._held[key] = truth, make()
        held = self._held
        while (
            len(held) > 1
            and sum(t.numel() for t, _ in held.values()) > self.pixels
        ):
            del held[next(iter(held))]
        return held[key][1]


def on_cpu(found: Sequence[Any]) -> list[Any]:
    """Bring results from a device: one copy for all tensors of one shape.

    Args:
        found (Sequence): Tensors, tuples of them, or anything else, which
            stays as it is.
    """
    alike: dict[Any, list[Tensor]] = {}
    for result in found:
        for part in result if isinstance(result, tuple) else (result,):
            if isinstance(part, Tensor) and part.device.type != 'cpu':
                key = part.shape, part.dtype, part.device
                alike.setdefault(key, []).append(part)
    # Each in memory of its own: a view would be pickled with all the others.
    here = {
        id(part): copied.clone()
        for parts in alike.values()
        for part, copied in zip(parts, torch.stack(parts).cpu())
    }
    return [
        tuple(here.get(id(part), part) for part in result)
        if isinstance(result, tuple)
        else here.get(id(result), result)
        for result in found
    ]


def _cut(
    starts: Sequence[int], ends: Sequence[int], size: int
) -> tuple[Tensor, Tensor]:
    """Number the pieces between all edges; say which lie in each region."""
    edges = torch.tensor(sorted({0, size, *starts, *ends}))
    piece = torch.bucketize(torch.arange(size), edges, right=True) - 1
    inside = [
        (edges[:-1] >= start) & (edges[1:] <= end)
        for start, end in zip(starts, ends)
    ]
    return piece.int(), torch.stack(inside)


def _known(classes: Tensor, num_classes: int) -> Tensor:
    if classes.is_floating_point():
        classes = classes.int()
    # On a GPU the look would have to wait for an answer.
    if classes.device.type == 'cpu' and classes.numel():
        low, high = classes.aminmax()
        if low >= 0 and high < num_classes:
            return classes
    foreign = (classes < 0) | (classes >= num_classes)
    return classes.masked_fill(foreign, num_classes)
