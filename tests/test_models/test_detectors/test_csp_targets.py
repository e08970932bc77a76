from math import ceil, exp, log

import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')
from mmchanpos.models.detectors.csp_targets import (
    RADIUS,
    csp_targets,
    gaussian,
)
from tests.simulated_device import Far, far, near, simulated


def targets(boxes, ignored=(), shape=(160, 320), **kwargs):
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    ignored = torch.tensor(ignored, dtype=torch.float32).reshape(-1, 4)
    return csp_targets([boxes], [ignored], shape, **kwargs)


def test_worked_example():
    t = targets([[100, 100, 141, 200]])
    assert t.center.nonzero().tolist() == [[0, 0, 37, 30]]
    rows, columns = t.gaussian[0, 0].nonzero().unbind(1)
    assert (rows.min(), rows.max() + 1) == (25, 50)
    assert (columns.min(), columns.max() + 1) == (25, 35)
    assert t.scale[0, 0, 37, 30].item() == pytest.approx(3.21888, abs=1e-5)
    square = t.scale_mask[0, 0].nonzero()
    assert square.min(0).values.tolist() == [35, 28]
    assert square.max(0).values.tolist() == [39, 32]
    assert t.offset[0, :, 37, 30].tolist() == [0.0, -0.375]
    assert t.mask.min() == 1


def test_gaussian_is_one_in_the_middle_and_falls_as_written():
    bell = gaussian(torch.arange(10).double(), torch.tensor(10.0))
    assert bell.argmax() == 5
    assert bell[5] == 1.0
    sigma = 0.3 * ((10 - 1) / 2 - 1) + 0.8
    assert bell[2].item() == pytest.approx(exp(-9 / (2 * sigma**2)))
    none = gaussian(torch.arange(-3, 3).double(), torch.tensor(0.0))
    assert none.tolist() == [0.0] * 6


def test_people_are_learnt_even_inside_ignored_regions():
    t = targets([[40, 40, 80, 140]], [[0, 0, 203, 162]])
    mask = t.mask[0, 0]
    assert mask[10:35, 10:20].min() == 1
    assert mask[:10].sum() == 10 * 320 - 10 * 51
    assert mask[40, 50] == 0
    # 203 / 4 is cut upwards, 162 / 4 as well.
    assert mask[40, 51] == 1
    assert mask[41, 50] == 1


def test_overlapping_bells_keep_the_higher_and_later_sizes_win():
    one, two = [40, 40, 80, 140], [48, 40, 96, 160]
    t = targets([one, two])
    apart = [targets([box]).gaussian for box in (one, two)]
    assert torch.equal(t.gaussian, torch.maximum(*apart))
    assert t.center.sum() == 2
    cx, cy = 18, 25  # centre of the later one; the squares overlap
    assert t.scale[0, 0, cy, cx].item() == pytest.approx(log(30))


@pytest.mark.parametrize('box', [[0, 0, 6, 8], [1272, 632, 1280, 640]])
def test_squares_are_cut_at_the_border(box):
    t = targets([box])
    assert t.center.sum() == 1
    # Public code starts a slice at -1 here and writes nothing.
    assert 9 <= t.scale_mask.sum() <= 16
    cy, cx = t.center[0, 0].nonzero()[0].tolist()
    assert t.scale_mask[0, 0, cy, cx] == 1


def test_nothing_is_drawn_for_lines_and_empty_images():
    for boxes in ([], [[10, 10, 50, 10]]):
        t = targets(boxes)
        assert t.center.sum() == t.scale_mask.sum() == t.gaussian.sum() == 0
        assert torch.isfinite(t.scale).all()


def test_boxes_that_leave_the_map_do_not_break_it():
    t = targets([[1270, 600, 1310, 700], [-20, -20, 20, 80]])
    assert all(torch.isfinite(m).all() for m in t)
    assert t.center.sum() == 2


def test_widths():
    t = targets([[100, 100, 140, 200]], with_width=True)
    assert t.scale.shape == (1, 2, 160, 320)
    np.testing.assert_allclose(
        t.scale[0, :, 37, 30].exp(), [25, 10], rtol=1e-6
    )


def one_by_one(boxes, ignored, shape):
    """The maps with one person after the other, as one would write it."""
    center, bell, scale_mask = (np.zeros(shape) for _ in range(3))
    mask = np.ones(shape)
    scale, offset = np.zeros((2, *shape)), np.zeros((2, *shape))
    for x1, y1, x2, y2 in np.maximum(ignored, 0):
        mask[int(y1) : ceil(y2), int(x1) : ceil(x2)] = 0
    for x1, y1, x2, y2 in np.maximum(boxes, 0):
        height, width = y2 - y1, x2 - x1
        if min(height, width) <= 0:
            continue
        y, x = (y1 + y2) / 2, (x1 + x2) / 2
        cy, cx = min(int(y), shape[0] - 1), min(int(x), shape[1] - 1)
        tall = max(int(y2) - ceil(y1), 0)
        wide = max(int(x2) - ceil(x1), 0)
        for i in range(min(tall, shape[0] - ceil(y1))):
            for j in range(min(wide, shape[1] - ceil(x1))):
                at = ceil(y1) + i, ceil(x1) + j
                drawn = literal_bell(i, tall) * literal_bell(j, wide)
                bell[at] = max(bell[at], drawn)
                mask[at] = 1
        center[cy, cx] = 1
        offset[:, cy, cx] = y - cy - 0.5, x - cx - 0.5
        for i in range(max(cy - RADIUS, 0), min(cy + RADIUS + 1, shape[0])):
            for j in range(
                max(cx - RADIUS, 0), min(cx + RADIUS + 1, shape[1])
            ):
                scale[:, i, j] = log(height), log(width)
                scale_mask[i, j] = 1
    return (
        center[None],
        bell[None],
        mask[None],
        scale,
        scale_mask[None],
        offset,
    )


def literal_bell(i, cells):
    sigma = 0.3 * ((cells - 1) / 2 - 1) + 0.8
    return exp(-((i - cells // 2) ** 2) / (2 * sigma**2))


def crowd(seed):
    """People and ignored regions, some over the edge, some of no size."""
    rng = np.random.default_rng(seed)

    def some(most):
        corner = rng.uniform(-20, 160, (rng.integers(most), 2))
        sizes = rng.choice([0, 3, 20, 60], (len(corner), 2))
        sizes = sizes * rng.uniform(0.5, 1, sizes.shape)
        return torch.tensor(np.hstack([corner, corner + sizes])).float()

    return some(12), some(4)


@pytest.mark.parametrize('seed', range(40))
def test_all_at_once_is_one_by_one(seed):
    boxes, ignored = crowd(seed)
    shape = (36, 40)
    found = csp_targets([boxes], [ignored], shape, with_width=True)
    wanted = one_by_one(
        boxes.double().numpy() / 4, ignored.double().numpy() / 4, shape
    )
    for ours, literal in zip(found, wanted):
        np.testing.assert_allclose(ours[0].numpy(), literal, atol=1e-6)


def test_a_device_need_not_wait_for_the_targets():
    boxes, ignored = crowd(3)
    wanted = csp_targets([boxes], [ignored], (36, 40))
    with simulated() as log:
        found = csp_targets([far(boxes)], [far(ignored)], (36, 40))
        assert all(type(one) is Far for one in found)
        assert set(log) <= {'made', 'index'}
    for one, other in zip(found, wanted):
        assert torch.equal(near(one), other)
