"""Objects under shifts: partners, losses, and what does not count."""

import numpy as np
import pytest
import torch

from mmchanpos.shift import Boxes, BoxProfile, ShiftProtocol
from mmchanpos.shift.box_profile import match

SIZE = (60, 80)


def some(rng, count):
    corners = rng.uniform(0, 40, (count, 2))
    sides = rng.uniform(5, 25, (count, 2))
    return Boxes(
        np.concatenate([corners, corners + sides], 1),
        rng.random(count),
        rng.integers(0, 2, count),
        SIZE,
    )


def literal_match(one, other, least):
    """The best pair that is left, until none overlaps enough."""
    pairs, used = [], (set(), set())
    while True:
        best = None
        for i, (a, x) in enumerate(zip(one.boxes, one.labels)):
            for j, (b, y) in enumerate(zip(other.boxes, other.labels)):
                if i in used[0] or j in used[1] or x != y:
                    continue
                w = max(0, min(a[2], b[2]) - max(a[0], b[0]))
                h = max(0, min(a[3], b[3]) - max(a[1], b[1]))
                areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
                iou = w * h / (sum(areas) - w * h)
                if iou >= least and (best is None or iou > best[0]):
                    best = (iou, i, j)
        if best is None:
            return pairs
        pairs.append(best[1:])
        used[0].add(best[1])
        used[1].add(best[2])


def test_partners_are_those_of_a_literal_search():
    rng = np.random.default_rng(0)
    for _ in range(200):
        one, other = some(rng, rng.integers(0, 9)), some(rng, 7)
        first, second, _ = match(one, other, 0.3)
        found = list(zip(first.tolist(), second.tolist()))
        assert found == literal_match(one, other, 0.3)
        back = match(other, one, 0.3)
        assert sorted(zip(back[1].tolist(), back[0].tolist())) == sorted(found)


def report(before, after, shift=(0, 4)):
    """One image, one shift, detections that are given."""
    test = ShiftProtocol(max_shift=4, range='halfopen', axes='x', step=4)
    profile = BoxProfile(test)
    profile.begin([before], None)
    sums = profile.compare([after], np.array([shift]))
    values = profile.values(sums[0])
    return dict(zip(profile.names, values.tolist()))


def boxes(*rows):
    """Rows of x1, y1, x2, y2 and score, of one class."""
    table = np.array(rows, float).reshape(-1, 5)
    return Boxes(table[:, :4], table[:, 4], np.zeros(len(table)), SIZE)


A, B, C = (10, 10, 30, 30), (40, 10, 60, 50), (20, 35, 30, 55)


def moved(box, by=4, **_):
    return (box[0] + by, box[1], box[2] + by, box[3])


def test_kept_lost_and_found():
    before = boxes((*A, 0.9), (*B, 0.5), (*C, 0.2))
    after = boxes((*moved(A), 0.7), (*moved(B), 0.1), (*moved(C), 0.6))
    found = report(before, after)
    assert found['objects'] == 3
    assert found['agreement'] == pytest.approx(100 / 3)
    assert found['lost'] == found['found'] == pytest.approx(100 / 3)
    # Of all three, as each is an object in one of the views.
    change = 100 * (0.2 + 0.4 + 0.4) / 3
    assert found['confidence'] == pytest.approx(change, rel=1e-6)
    assert found['place'] == 0
    assert found['overlap'] == 100
    # To turn the views around turns losses into finds.
    back = report(after, before, (0, -4))
    assert back['agreement'] == found['agreement']
    assert back['lost'] == found['found']


def test_place_is_how_far_centres_are_off():
    before, after = boxes((*A, 0.9)), boxes((*moved(A, 7), 0.9))
    found = report(before, after)
    assert found['place'] == pytest.approx(3)
    assert found['overlap'] == pytest.approx(100 * 17 / 23, rel=1e-6)


def test_what_an_edge_cuts_is_counted_apart():
    # The shift moves the second one over the right edge.
    edge = (70, 10, 78, 30)
    found = report(boxes((*A, 0.9), (*edge, 0.9)), boxes((*moved(A), 0.9)))
    assert (found['objects'], found['agreement']) == (1, 100)
    assert found['border'] == 0


def test_objects_go_by_size():
    found = report(boxes((*A, 0.9), (*B, 0.9)), boxes((*moved(B), 0.9)))
    assert (found['small'], found['lost']) == (50, 50)
    big = (5, 5, 45, 45)
    found = report(boxes((*A, 0.9), (*big, 0.9)), boxes((*moved(big), 0.9)))
    assert (found['small'], found['medium']) == (0, 100)
    assert np.isnan(found['large'])


def test_no_object_at_all_is_no_number():
    found = report(boxes(), boxes((*A, 0.1)))
    assert found['objects'] == 0
    assert np.isnan(found['agreement'])


@pytest.mark.parametrize('step', [0.5, 0.1])
def test_a_detector_that_follows_keeps_all_under_fractions_too(step):
    def predict(images):
        # The centre of what is bright.
        weights = images[:, 0].double()
        x = (weights.sum(1) * torch.arange(SIZE[1])).sum(1)
        x = (x / weights.sum((1, 2))).tolist()
        return [boxes((c - 8, 20, c + 8, 40, 0.9)) for c in x]

    images = torch.zeros(2, 1, *SIZE)
    images[0, 0, 30, 30], images[1, 0, 30, 50] = 1, 1
    test = ShiftProtocol(
        max_shift=4 * step, step=step, axes='x', exhaustive=True
    )
    profile = BoxProfile(test)
    profile.profile(predict, images, np.arange(2))
    found = profile.report()
    assert found['consistency'] == 100
    assert found['measures']['place'][0] == pytest.approx(0, abs=1e-6)
    assert [len(found[k]) for k in ('by_shift', 'by_direction')] == [9, 2]
    for group in found['by_shift']:
        assert group['measures']['agreement'][0] == 100
