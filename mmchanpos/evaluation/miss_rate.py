"""Log-average miss rate MR^-2, to the last bit of the official evaluator.

Host-free: numpy alone. Overlaps are computed once and shared by all setups;
the one loop left, over pairs of a detection and a person that overlap by half,
visits a few thousand pairs on a whole validation set.
"""

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, Sequence

import numpy as np

from mmchanpos.errors import InputError

from .miss_rate_setups import PersonSetup

#: The literal points of the public evaluators, not 10 ** (-2 + i / 4).
FPPI_POINTS = np.array(
    [0.0100, 0.0178, 0.0316, 0.0562, 0.1000, 0.1778, 0.3162, 0.5623, 1.0000]
)
MIN_OVERLAP = 0.5
MAX_DETECTIONS = 1000
PAIRS_AT_ONCE = 1_000_000
#: Detections may be so much smaller or taller than the people of a setup.
HEIGHT_SLACK = 1.25
#: ``official``: recall as it is. ``pedestron``: recall below 1, so that
#: perfect recall gives 1e-6 and not 0.
VARIANTS = ('official', 'pedestron')


class PersonTruth(NamedTuple):
    """Annotated people of one image; anything with these fields will do.

    Attributes:
        boxes (np.ndarray): x, y, w, h, float64, shape (n, 4).
        ignore (np.ndarray): Not to be found in any setup, shape (n, ).
        heights (np.ndarray): Shape (n, ).
        visibility (np.ndarray): Visible part of each box, shape (n, ).
        width (int): Width of the image; setups with a side need it.
    """

    boxes: np.ndarray
    ignore: np.ndarray
    heights: np.ndarray
    visibility: np.ndarray
    width: int = 0


class PersonDetections(NamedTuple):
    """Detections of one image, in the order of the result file.

    Attributes:
        boxes (np.ndarray): x, y, w, h, float64, shape (m, 4).
        scores (np.ndarray): Shape (m, ).
    """

    boxes: np.ndarray
    scores: np.ndarray


class MissRate(NamedTuple):
    """What one setup gives.

    Attributes:
        value (float): MR^-2 in [0, 1], lower is better; -1 if the setup
            leaves nobody to be found.
        ap (float): Average precision at IoU 0.5, same matching; -1 likewise.
        fppi (np.ndarray): False positives per image as the score falls.
        miss (np.ndarray): Share of people missed there, same shape.
        people (int): People to be found.
    """

    value: float
    ap: float
    fppi: np.ndarray
    miss: np.ndarray
    people: int


def miss_rates(
    truths: Sequence[PersonTruth],
    detections: Sequence[PersonDetections],
    setups: Sequence[PersonSetup],
    variant: str = 'official',
    strict: bool = False,
) -> dict[str, MissRate]:
    """Miss rate of every setup.

    Args:
        truths (Sequence[PersonTruth]): One per image, by ascending image id.
        detections (Sequence[PersonDetections]): For the same images.
        setups (Sequence[PersonSetup]): Who is to be found.
        variant (str): One of :data:`VARIANTS`. Defaults to ``'official'``.
        strict (bool): Recall is 0 where the curve has no point yet. The
            public evaluators read the last, best recall there, which shows
            below 100 images. Defaults to False.

    Returns:
        dict[str, MissRate]: By name of the setup.
    """
    if variant not in VARIANTS:
        raise InputError(f'variant is one of {VARIANTS}, got "{variant}".')
    if not len(truths):
        raise InputError('There are no images to evaluate.')
    found = _Overlaps(truths, detections)
    return {s.name: _evaluate(found, s, variant, strict) for s in setups}


class _Overlaps:
    """All images in flat arrays, and the pairs that overlap by half.

    Detections are in image order, by descending score inside an image; pairs
    are sorted by detection, then by person in file order.
    """

    def __init__(self, truths, detections):
        self.images = len(truths)
        self.ignore = np.concatenate([t.ignore for t in truths]).astype(bool)
        self.heights = np.concatenate([t.heights for t in truths])
        self.visibility = np.concatenate([t.visibility for t in truths])
        people = np.concatenate([t.boxes for t in truths])
        image = _image_of(truths)

        scores = np.concatenate([d.scores for d in detections])
        found_image = _image_of(detections)
        # Stable, so that ties keep the order of the file.
        order = np.lexsort((-scores, found_image))
        first = np.searchsorted(found_image, found_image)
        order = order[np.arange(len(order)) - first < MAX_DETECTIONS]
        found_image = found_image[order]
        found = np.concatenate([d.boxes for d in detections])[order]
        self.scores = scores[order]
        self.found_heights = found[:, 3]

        half = np.array([t.width for t in truths]) / 2
        self.left = people[:, 0] + people[:, 2] / 2 < half[image]
        self.found_left = found[:, 0] + found[:, 2] / 2 < half[found_image]

        start = np.searchsorted(image, found_image)
        stop = np.searchsorted(image, found_image, side='right')
        pairs = _pairs(found, people, start, stop)
        self.detection, self.truth, self.iou, self.iof = pairs


def _image_of(rows: Sequence) -> np.ndarray:
    return np.repeat(np.arange(len(rows)), [len(row.boxes) for row in rows])


def _pairs(found, people, start, stop):
    """Detection, person, IoU and share of the detection, where half overlaps.

    Detection i meets the people from ``start[i]`` to ``stop[i]``.
    """
    parts = []
    ends = np.cumsum(stop - start)
    # A bounded number of pairs at a time, however many there are.
    cuts = np.arange(0, ends[-1] if len(ends) else 0, PAIRS_AT_ONCE)
    cuts = np.unique([*np.searchsorted(ends, cuts, side='right'), len(found)])
    for low, high in zip(cuts[:-1], cuts[1:]):
        many = (stop - start)[low:high]
        d = np.repeat(np.arange(low, high), many)
        before = np.repeat(np.cumsum(many) - many, many)
        g = start[d] + np.arange(len(d)) - before
        parts.append(_overlapping(found, people, d, g))
    if not parts:
        parts = [(np.zeros(0, int), np.zeros(0, int), *np.zeros((2, 0)))]
    return [np.concatenate(part) for part in zip(*parts)]


def _overlapping(found, people, d, g):
    # Few pairs meet sideways, so the rest is worked out for those alone. The
    # order of operations decides the last bit, hence the plain spelling.
    w = _side(found, people, d, g, axis=0)
    touch = w > 0
    w, d, g = w[touch], d[touch], g[touch]
    h = _side(found, people, d, g, axis=1)
    touch = h > 0
    w, h, d, g = w[touch], h[touch], d[touch], g[touch]
    inter = w * h
    area = found[d, 2] * found[d, 3]
    iof = inter / area
    iou = inter / (area + people[g, 2] * people[g, 3] - inter)
    near = np.maximum(iof, iou) >= MIN_OVERLAP
    return d[near], g[near], iou[near], iof[near]


def _side(found, people, d, g, axis):
    low, high = found[:, axis], found[:, axis] + found[:, axis + 2]
    first, last = people[:, axis], people[:, axis] + people[:, axis + 2]
    return np.minimum(high[d], last[g]) - np.maximum(low[d], first[g])


def _evaluate(
    found: _Overlaps, setup: PersonSetup, variant: str, strict: bool
) -> MissRate:
    (h0, h1), (v0, v1) = setup.height, setup.visibility
    heights, visibility = found.heights, found.visibility
    ignored = found.ignore | (heights < h0) | (heights > h1)
    ignored |= (visibility < v0) | (visibility > v1)
    usable = found.found_heights >= h0 / HEIGHT_SLACK
    usable &= found.found_heights < h1 * HEIGHT_SLACK
    if setup.side is not None:
        ignored |= found.left != (setup.side == 'left')
        usable &= found.found_left == (setup.side == 'left')
    people = int((~ignored).sum())
    if not people:
        return MissRate(-1.0, -1.0, np.zeros(0), np.zeros(0), 0)

    on_ignored = ignored[found.truth]
    overlap = np.where(on_ignored, found.iof, found.iou)
    near = usable[found.detection] & (overlap >= MIN_OVERLAP)
    real = near & ~on_ignored
    hit = np.zeros(len(usable), dtype=bool)
    hit[_match(found.detection[real], found.truth[real], overlap[real])] = True
    discarded = np.zeros(len(usable), dtype=bool)
    discarded[found.detection[near & on_ignored]] = True
    kept = usable & (hit | ~discarded)

    order = np.argsort(-found.scores[kept], kind='mergesort')
    hit = hit[kept][order]
    hits = np.cumsum(hit).astype(float)
    fppi = np.cumsum(~hit).astype(float) / found.images
    recall = hits / people
    return MissRate(
        _log_average(fppi, recall, variant, strict),
        _average_precision(hits, recall),
        fppi,
        1 - recall,
        people,
    )


def _match(
    detection: np.ndarray, truth: np.ndarray, overlap: np.ndarray
) -> list[int]:
    """Detections that take a person: best overlap first come, ties to the
    later person, nobody taken twice.
    """
    taken, matched = set(), []
    pairs = zip(detection.tolist(), truth.tolist(), overlap.tolist())
    for d, those in groupby(pairs, key=itemgetter(0)):
        best, chosen = 0.0, None
        for _, g, o in those:
            if o >= best and g not in taken:
                best, chosen = o, g
        if chosen is not None:
            taken.add(chosen)
            matched.append(d)
    return matched


def _log_average(
    fppi: np.ndarray, recall: np.ndarray, variant: str, strict: bool
) -> float:
    points = np.zeros(len(FPPI_POINTS))
    if len(fppi):
        index = np.searchsorted(fppi, FPPI_POINTS, side='right') - 1
        # An index of -1 reads the last recall, as the public evaluators do.
        points = recall[index]
        if strict:
            points = np.where(index < 0, 0.0, points)
    if variant == 'pedestron':
        points = np.clip(points, 0, 1 - 1e-6)
    with np.errstate(divide='ignore'):
        return float(np.exp(np.mean(np.log(1 - points))))


def _average_precision(hits: np.ndarray, recall: np.ndarray) -> float:
    if not len(hits):
        return 0.0
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * envelope))
