"""Maps under shifts say what a literal count of every pixel says."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.shift import MapProfile, ShiftProtocol

CLASSES, ZONES = 4, 2
HEIGHT, WIDTH = 9, 12


def zones(height, width):
    """The outermost pixels, and the others."""
    numbers = torch.ones(height, width).long()
    numbers[[0, -1]] = 0
    numbers[:, [0, -1]] = 0
    return numbers


def aliasing(images):
    """A net that sees every second pixel and where it is: stride 2."""
    coarse = images[:, 0, ::2, ::2]
    coarse = coarse.repeat_interleave(2, 1).repeat_interleave(2, 2)
    coarse = coarse[:, : images.shape[2], : images.shape[3]]
    place = torch.arange(images.shape[3]) / images.shape[3]
    return (coarse * 3 + place).long().clamp(0, CLASSES - 1)


def data(images=5):
    rng = torch.Generator().manual_seed(1)
    size = (images, HEIGHT, WIDTH)
    pictures = torch.rand((images, 1, HEIGHT, WIDTH), generator=rng)
    truths = torch.randint(0, CLASSES, size, generator=rng)
    truths[torch.rand(size, generator=rng) < 0.2] = 255
    return pictures, truths


def profiled(test, batch=5, predict=aliasing):
    pictures, truths = data()
    profile = MapProfile(test, CLASSES, zones, ZONES)
    for i in range(0, len(pictures), batch):
        part = slice(i, i + batch)
        places = np.arange(len(pictures))[part]
        profile.profile(predict, pictures[part], places, truths[part])
    return profile


def literal(test):
    """Agreement, off the border, on it, mIoU, accuracies and fidelity."""
    pictures, truths = data()
    same, seen, hit, union = [0, 0], [0, 0], {}, {}
    labelled = right = right_shifted = both = 0
    for i, shifts in enumerate(test.draw(np.arange(len(pictures)))):
        for dy, dx in shifts.astype(int):
            if not (dy or dx):
                continue
            still = test.apply(pictures[[i]], [[0, 0]])
            moved = test.apply(pictures[[i]], [[dy, dx]])
            true = test.apply(truths[[i], None].float(), [[0, 0]])[0, 0]
            (one,), (other,) = aliasing(still), aliasing(moved)
            sign = -1 if test.mode == 'crop' else 1
            zone = zones(*one.shape)
            for y, x in np.ndindex(*one.shape):
                v, u = y + sign * dy, x + sign * dx
                if test.mode == 'circular':
                    v, u = v % one.shape[0], u % one.shape[1]
                elif not (0 <= v < one.shape[0] and 0 <= u < one.shape[1]):
                    continue
                a, b, t = int(one[y, x]), int(other[v, u]), int(true[y, x])
                at = int(zone[y, x])
                seen[at] += 1
                same[at] += a == b
                for c in {a, b}:
                    union[c] = union.get(c, 0) + 1
                    hit[c] = hit.get(c, 0) + (a == b)
                if t != 255:
                    labelled += 1
                    right += a == t
                    right_shifted += b == t
                    both += a == b == t
    return [
        100 * x
        for x in (
            sum(same) / sum(seen),
            same[1] / seen[1],
            same[0] / seen[0],
            np.mean([hit[c] / union[c] for c in union]),
            right / labelled,
            right_shifted / labelled,
            both / labelled,
        )
    ]


@pytest.mark.parametrize(
    'fields',
    [
        dict(mode='zero', max_shift=2, range='halfopen', exhaustive=True),
        dict(mode='circular', max_shift=2, exhaustive=True),
        dict(mode='reflect', max_shift=5, num_shifts=4),
        dict(mode='crop', crop=6, max_shift=1, exhaustive=True),
        dict(mode='replicate', max_shift=3, axes='x', exhaustive=True),
    ],
)  # fmt: skip
def test_it_says_what_a_literal_count_says(fields):
    test = ShiftProtocol(**fields)
    report = profiled(test).report()
    names = (
        'agreement', 'inner', 'border', 'miou', 'accuracy',
        'accuracy_shifted', 'fidelity',
    )  # fmt: skip
    found = [report['measures'][name][0] for name in names]
    assert found == pytest.approx(literal(test), rel=1e-9)
    value, low, high = report['measures']['agreement']
    assert low <= value <= high < 100
    assert report['consistency'] == value


def test_batches_change_nothing():
    test = ShiftProtocol(max_shift=4, num_shifts=3)
    one, three = (profiled(test, batch).report() for batch in (1, 3))
    assert one == three


def test_the_stride_of_a_net_is_seen():
    fields = dict(axes='y', range='halfopen', exhaustive=True)
    report = profiled(ShiftProtocol(max_shift=4, **fields)).report()
    found = [group['measures']['agreement'] for group in report['by_shift']]
    assert found[0] == found[2] == [100, 100, 100]
    assert found[1][2] < 90 > found[3][2]
    assert [g['direction'] for g in report['by_direction']] == ['down']
    assert [g['size'] for g in report['by_size']] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ('fields', 'way', 'far'),
    [
        (dict(mode='zero'), 'right', 2),
        # The window goes to the right.
        (dict(mode='crop', crop=6, anchor='topleft'), 'left', -2),
    ],
)
def test_shifts_are_told_as_the_content_moves(fields, way, far):
    test = ShiftProtocol(
        max_shift=3, axes='x', range='halfopen', exhaustive=True, **fields
    )
    report = profiled(test).report()
    assert [g['direction'] for g in report['by_direction']] == [way]
    assert report['by_shift'][2]['shift'] == [0, far]
    assert not np.signbit(report['by_shift'][0]['shift']).any()
    moved = report['by_direction'][0]['measures']['agreement'][0]
    assert moved == report['consistency']


def test_a_constant_net_is_consistent_and_flagged():
    def constant(images):
        return torch.zeros(images[:, 0].shape).long()

    test = ShiftProtocol(max_shift=1, exhaustive=True)
    report = profiled(test, predict=constant).report()
    assert report['consistency'] == 100
    assert 'wrong classes' in report['warning']


def test_flips_are_where_maps_change():
    def right_half(images):
        maps = aliasing(images)
        maps[..., :6] = 0
        return maps

    test = ShiftProtocol(max_shift=1, axes='y', exhaustive=True)
    flips = profiled(test, predict=right_half).state()['flips']
    assert flips.shape == (5, 64, 64)
    assert not flips[:, :, :30].any()
    assert (flips[:, :, 34:].mean((1, 2)) > 10).all()


def test_fractions_of_pixels_are_refused():
    with pytest.raises(InputError, match='whole pixels'):
        MapProfile(ShiftProtocol(max_shift=1, step=0.5), 2, zones, 2)
