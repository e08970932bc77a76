from types import SimpleNamespace

import pytest

from mmchanpos.engine.hosts import (
    image_stem,
    reads_bgr,
    size_of_tests,
    stride_of,
)


@pytest.mark.parametrize(
    'name',
    [
        'lindau_000003_000019',
        'val/lindau/lindau_000003_000019_leftImg8bit.png',
        'a\\b\\lindau_000003_000019_gtFine_labelTrainIds.PNG',
    ],
)
def test_listed_and_seen_names_of_an_image_are_one(name):
    assert image_stem(name) == 'lindau_000003_000019'


@pytest.mark.parametrize(
    ('backbone', 'stride'),
    [
        (dict(type='ResNet', depth=18), 32),
        (dict(type='ResNetV1c', strides=(1, 2, 1, 1)), 8),
        (dict(type='ResNet_CIFAR', strides=(1, 2, 2, 2)), 8),
        (dict(type='SwinTransformer', strides=(4, 2, 2, 2)), 32),
        (dict(type='mmpretrain.VisionTransformer', patch_size=14), 14),
        (dict(type='ConvNeXt', patch_size=4), 32),
    ],
)
def test_a_stride_is_that_of_the_smallest_map(backbone, stride):
    assert stride_of(backbone) == stride


def config(*steps, **model):
    dataset = dict(type='X', pipeline=[dict(type='Load'), *steps])
    wrapped = dict(type='RepeatDataset', dataset=dataset)
    return dict(model=model, test_dataloader=dict(dataset=wrapped))


RESIZE = dict(type='mmpretrain.Resize', scale=(640, 480))


@pytest.mark.parametrize(
    ('cfg', 'size'),
    [
        ({}, None),
        (config(), None),
        (config(RESIZE), (480, 640)),
        (config(RESIZE, dict(type='CenterCrop', crop_size=224)), (224, 224)),
        (config(RESIZE, dict(type='Pad', size_divisor=32)), None),
        (config(RESIZE, dict(type='ResizeEdge', scale=256)), None),
        (config(RESIZE, data_preprocessor=dict(pad_size_divisor=32)), None),
        (config(RESIZE, data_preprocessor=dict(pad_size_divisor=1)),
         (480, 640)),
        (config(RESIZE, data_preprocessor=dict(
            test_cfg=dict(size_divisor=32))), None),
        (config(RESIZE, test_cfg=dict(mode='slide', crop_size=(256, 512))),
         (256, 512)),
        (config(RESIZE, test_cfg=dict(mode='slide')), None),
    ],
)  # fmt: skip
def test_the_size_of_a_test_is_that_of_its_last_step(cfg, size):
    assert size_of_tests(cfg) == size


def test_files_are_read_in_bgr_and_arrays_are_rgb():
    class LoadImageFromFile:
        """As of any host."""

    def a_set(*steps):
        return SimpleNamespace(pipeline=SimpleNamespace(transforms=steps))

    files, arrays = a_set(LoadImageFromFile()), a_set(object())
    assert reads_bgr(files)
    assert reads_bgr(SimpleNamespace(datasets=[files, arrays]))
    assert not reads_bgr(arrays)
    assert not reads_bgr(SimpleNamespace())
