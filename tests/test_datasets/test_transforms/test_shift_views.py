"""Views made in the pipeline."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.registry import TRANSFORMS


def make(**kwargs):
    return TRANSFORMS.build(dict(type='mmchanpos.ShiftViews', **kwargs))


def test_views_are_padded_crops_with_uniform_offsets():
    image = np.random.default_rng(0).integers(1, 256, (6, 7, 3), np.uint8)
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    crops = {
        padded[y : y + 6, x : x + 7].tobytes(): (y, x)
        for y in range(3)
        for x in range(3)
    }
    np.random.seed(0)
    steps = make(max_shift=1, num_views=3)
    found = [
        crops[view.tobytes()]
        for _ in range(900)
        for view in steps(dict(img=image))['img']
    ]
    counts = np.unique(found, axis=0, return_counts=True)[1]
    assert len(counts) == 9
    assert np.abs(counts - 300).max() < 5 * np.sqrt(300)


def test_the_same_distribution_as_on_the_device():
    pytest.importorskip('mmpretrain')
    from mmchanpos.models.classifiers import ShiftViewsPreprocessor

    for kwargs in (dict(max_shift=3), dict(mode='crop', crop=8, max_shift=2)):
        here, there = make(**kwargs), ShiftViewsPreprocessor(**kwargs)
        assert np.array_equal(here.shifts.grid(), there.shifts.grid())
        assert here.shifts.anchor == there.shifts.anchor
        image = torch.rand(1, 3, 10, 10)
        for shift in here.shifts.grid()[:, None]:
            assert torch.equal(
                here.shifts.apply(image, shift),
                there.shifts.apply(image, shift),
            )


def test_windows_and_list_aware_packing():
    pytest.importorskip('mmpretrain')
    pack = TRANSFORMS.build(dict(type='mmpretrain.PackInputs'))
    image = np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3)
    results = make(mode='crop', crop=8, max_shift=4)(dict(img=image))
    assert results['img_shape'] == (8, 8)
    packed = pack(results)
    assert [view.shape for view in packed['inputs']] == [(3, 8, 8)] * 2


def test_bad_input():
    with pytest.raises(InputError, match='num_views=1'):
        make(num_views=1)
    with pytest.raises(InputError, match='off the 12'):
        make(mode='crop', crop=10, max_shift=4)(
            dict(img=np.zeros((12, 12, 3), np.uint8))
        )
    with pytest.raises(InputError, match='at most 7'):
        make(max_shift=8)(dict(img=np.zeros((8, 8, 3), np.uint8)))
