import numpy as np
import pytest

from mmchanpos.latent import Regions, find_kind
from tests.test_latent.test_scores.by_hand import deltas

DATA = deltas(
    plain=[[3, 0], [5, 0], [0, 0], [9, 9]],
    flip=[[1, 1], [1, 3], [2, 4], [0, 0]],
)
REGIONS = Regions(left=['image_0', 'image_1'], right=['image_2'])


def scores(kind):
    return find_kind(kind).score(DATA, REGIONS).value()


def test_a_side_keeps_the_sign_and_sees_its_own_images_alone():
    assert scores('left').tolist() == [3, -2]
    assert scores('right').tolist() == [-2, -4]


def test_contrast_is_left_minus_right_however_many_images_each_has():
    assert scores('contrast') == pytest.approx([5, 2])
    assert scores('contrast_right') == pytest.approx([-5, -2])


def test_a_resample_without_one_side_has_a_score():
    found = find_kind('contrast').score(DATA, REGIONS)
    only_left = found.samples[:2].mean(axis=0)
    np.testing.assert_allclose(found.statistic(only_left), [3, -2])
