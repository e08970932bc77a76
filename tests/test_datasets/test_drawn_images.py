"""Images without a file."""

import numpy as np
import pytest

from mmchanpos.datasets import DrawnImages
from mmchanpos.datasets.drawn_images import CONTENTS
from mmchanpos.errors import InputError


@pytest.mark.parametrize('content', CONTENTS)
def test_drawn_alike_from_one_seed(content):
    one = DrawnImages(content, num=3, size=48, seed=4)
    two = DrawnImages(content, num=3, size=48, seed=4, source='mine')
    assert len(one) == 3
    assert one[2]['img'].shape == (48, 48, 3)
    assert one[2]['img'].dtype == np.uint8
    assert np.array_equal(one[2]['img'], two[2]['img'])
    assert (one[0]['source'], two[0]['source']) == (content, 'mine')
    other = DrawnImages(content, num=3, size=48, seed=5)
    constant = content in ('black', 'white')
    assert np.array_equal(one[2]['img'], other[2]['img']) == constant


def test_what_they_hold():
    image = {c: DrawnImages(c, size=128)[0]['img'] for c in CONTENTS}
    assert image['black'].max() == 0
    assert image['white'].min() == 255
    assert abs(image['gaussian'].mean() - 25) < 1
    assert abs(image['gaussian'].std() - 24) < 1
    assert abs(image['uniform'].mean() - 127.5) < 1


def test_wrong_choices():
    with pytest.raises(InputError, match='Did you mean "gaussian"'):
        DrawnImages('gausian')
    with pytest.raises(InputError, match='positive'):
        DrawnImages('black', num=0)
