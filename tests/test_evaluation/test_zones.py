"""Zones of an image are where the paper has them."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.evaluation.zones import named_zones, ring, zone_numbers


def literal_zone(x, y, width, height, near, far):
    """As published: strictly farther than ``near``, at most ``far``."""
    inside = near * width < x < (1 - near) * width
    inside = inside and near * height < y < (1 - near) * height
    outer = x <= far * width or x >= (1 - far) * width
    return inside and (outer or y <= far * height or y >= (1 - far) * height)


def test_rings_are_those_of_the_paper():
    rng = np.random.default_rng(0)
    for _ in range(200):
        width, height = rng.integers(20, 700, 2)
        x, y = rng.uniform(0.001, 0.999, 2) * (width, height)
        for i, zone in enumerate(named_zones(5).values()):
            (found,) = zone.holds([[x, y, x, y]], width, height)
            wanted = literal_zone(x, y, width, height, i / 10, (i + 1) / 10)
            assert found == wanted


def test_every_pixel_and_every_centre_is_in_one_ring():
    zones = list(named_zones(5).values())
    for height, width in ((40, 60), (31, 57), (10, 10)):
        count = sum(zone.mask(height, width).int() for zone in zones)
        assert (count == 1).all()
        numbers = zone_numbers(zones, height, width)
        assert numbers.min() == 0
        assert torch.equal(numbers, numbers.flip(0, 1))
    # A centre beyond the border, or on it, is of the outer ring.
    boxes = [[-9, 3, 1, 5], [0, 0, 0, 0], [95, 95, 110, 110]]
    held = [zone.holds(boxes, 100, 100) for zone in zones]
    assert np.array_equal(held[0], [True] * 3)
    assert not np.any(held[1:])


def test_shares_of_the_rings_are_the_published_weights():
    shares = [zone.share for zone in named_zones(5).values()]
    assert shares == [0.36, 0.28, 0.2, 0.12, 0.04]


@pytest.mark.parametrize(
    ('zones', 'said'),
    [
        (0, '1 to 9'),
        (dict(edge=(0.2, 0.1)), '0 <= from < to'),
        (dict(edge=(0, 0.6)), 'at most|<= .5'),
        (dict(sky=(0, 0, 1, 2)), 'fractions'),
        (dict(sky=3), 'four numbers'),
        (['lft'], 'Did you mean "left"'),
        ({}, 'regions is empty'),
    ],
)
def test_bad_zones_are_told(zones, said):
    with pytest.raises(InputError, match=said):
        named_zones(zones)


def test_a_ring_up_to_the_middle_is_the_whole_image():
    assert ring(0, 0.5).mask(7, 9).all()
    assert ring(0, 0.5).holds([[-5, -5, -3, -3], [8, 8, 8, 8]], 16, 16).all()
