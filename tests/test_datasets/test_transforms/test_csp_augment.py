import numpy as np
import pytest

from mmchanpos.errors import InputError

pytest.importorskip('mmdet')
from mmdet.structures.bbox import HorizontalBoxes

from mmchanpos.datasets.transforms.csp_augment import (
    CSPBrightness,
    CSPScaleCrop,
)


def sample(boxes, ignored=None, shape=(100, 200)):
    boxes = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    image = np.zeros((*shape, 3), dtype=np.uint8)
    for x1, y1, x2, y2 in boxes.astype(int):
        image[y1:y2, x1:x2] = 255
    return {
        'img': image,
        'img_shape': shape,
        'gt_bboxes': HorizontalBoxes(boxes),
        'gt_bboxes_labels': np.zeros(len(boxes), dtype=np.int64),
        'gt_ignore_flags': np.array(ignored or [False] * len(boxes), bool),
    }


def bounds(image):
    """Box around what is bright."""
    rows, columns = np.nonzero(image[..., 0] > 200)
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]


@pytest.mark.parametrize('seed', range(10))
@pytest.mark.parametrize('ratio', [0.5, 1.0, 2.0])
def test_boxes_follow_the_image(seed, ratio):
    np.random.seed(seed)
    step = CSPScaleCrop((80, 160), ratios=(ratio, ratio), min_width=1)
    out = step(sample([[60, 20, 90, 60]]))
    assert out['img'].shape == (80, 160, 3)
    (box,) = out['gt_bboxes'].numpy().tolist()
    np.testing.assert_allclose(box, bounds(out['img']), atol=1)


@pytest.mark.parametrize('channels', [(), (3,), (4,)])
def test_what_is_around_a_small_image_has_its_mean(channels):
    grey = sample([])
    grey['img'] = np.full((60, 90, *channels), 7, np.uint8)
    out = CSPScaleCrop(size=(80, 160), ratios=(1, 1))(grey)
    assert out['img'].shape == (80, 160, *channels)
    assert (out['img'] == 7).all()


def test_crop_is_centred_on_a_positive_and_stays_inside():
    step = CSPScaleCrop(size=(40, 80), ratios=(1, 1))
    out = step(sample([[90, 30, 110, 70]], shape=(100, 200)))
    assert out['gt_bboxes'].numpy().tolist() == [[30, 0, 50, 40]]
    out = step(sample([[0, 0, 20, 40]], shape=(100, 200)))
    assert out['gt_bboxes'].numpy().tolist() == [[0, 0, 20, 40]]


def test_image_lower_but_wider_than_the_canvas_fits():
    np.random.seed(0)
    step = CSPScaleCrop(size=(80, 80), ratios=(1, 1))
    out = step(sample([[100, 10, 130, 50]], shape=(60, 200)))
    assert out['img'].shape == (80, 80, 3)
    np.testing.assert_allclose(out['gt_bboxes'].numpy()[0], bounds(out['img']))


def test_what_a_crop_drops(monkeypatch):
    step = CSPScaleCrop(size=(40, 80), ratios=(1, 1))
    monkeypatch.setattr(step, '_position', lambda: np.zeros(3))
    # The crop is centred on the first positive: x from 60 to 140.
    boxes = [
        [80, 20, 120, 60],
        [121, 20, 161, 60],  # 19 of 40 columns left: dropped
        [125, 20, 150, 60],  # 15 columns are too narrow: dropped
        [124, 20, 156, 60],  # 16 of 32 columns left
        [132, 20, 160, 60],  # ignored, 8 columns left
        [133, 20, 160, 60],  # ignored, 7 columns left: dropped
        [10, 20, 50, 60],  # not in the crop at all: dropped
    ]
    out = step(sample(boxes, [False] * 4 + [True] * 2 + [False]))
    assert out['gt_bboxes'].numpy().tolist() == [
        [20, 0, 60, 40],
        [64, 0, 80, 40],
        [72, 0, 80, 40],
    ]
    assert out['gt_ignore_flags'].tolist() == [False, False, True]
    assert len(out['gt_bboxes_labels']) == 3


def test_person_of_no_height_after_the_crop_is_dropped(monkeypatch):
    step = CSPScaleCrop(size=(40, 80), ratios=(1, 1))
    monkeypatch.setattr(step, '_position', lambda: np.zeros(3))
    boxes = [
        [80, 0, 120, 40],
        [80, 60, 120, 99],  # below the crop
        [80, 20, 120, 20],  # in it, but of no height before
    ]
    out = step(sample(boxes))
    assert len(out['gt_bboxes']) == 1


def test_padding_keeps_all_ignored_and_drops_narrow_people():
    step = CSPScaleCrop(size=(100, 200), ratios=(0.5, 0.5))
    out = step(
        sample(
            [[0, 0, 31, 90], [40, 0, 72, 90], [90, 0, 94, 8]],
            [False, False, True],
        )
    )
    assert out['gt_ignore_flags'].tolist() == [False, True]
    # What is padded has the mean brightness of the image.
    assert len(np.unique(out['img'].reshape(-1, 3)[:3])) == 1


def test_images_without_boxes_pass():
    for ratio in (0.5, 2.0):
        out = CSPScaleCrop(size=(80, 160), ratios=(ratio, ratio))(sample([]))
        assert out['gt_bboxes'].numpy().shape == (0, 4)


def test_brightness_saturates_and_keeps_the_hue():
    image = np.full((4, 4, 3), (20, 60, 100), dtype=np.uint8)
    double = CSPBrightness(prob=1, factors=(2, 2))
    bright = double({'img': image.copy()})['img']
    np.testing.assert_allclose(bright[0, 0], (40, 120, 200), atol=2)
    again = double({'img': bright})['img']
    np.testing.assert_allclose(again[0, 0], (51, 153, 255), atol=2)
    never = CSPBrightness(prob=0)({'img': image.copy()})['img']
    np.testing.assert_array_equal(never, image)


def test_bad_settings():
    with pytest.raises(InputError, match='ratios'):
        CSPScaleCrop(ratios=(2, 1))
    with pytest.raises(InputError, match='factors'):
        CSPBrightness(factors=(0, 1))
