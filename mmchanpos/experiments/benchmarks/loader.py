"""Batched placement delivers at least 5 times the images of one by one."""

from collections import deque
from typing import Any

from .ratio import Ratio, compare

IMAGES, BATCH, GRID = 4800, 48, 3
MEAN = [125.307, 122.961, 113.8575]


def measure(repeats: int) -> Ratio:
    """Time one epoch of images on a 3x3 mean canvas, in this process."""
    import numpy as np
    from mmengine.registry import init_default_scope

    init_default_scope('mmpretrain')
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, IMAGES)
    plain = _loader(_plain_dataset(images, labels))
    ours = _loader(
        dict(
            type='mmchanpos.ArrayDataset',
            images=images,
            labels=labels,
            pipeline=[
                dict(type='mmchanpos.RandomFlip'),
                dict(type='mmchanpos.PlaceOnGrid', grid=GRID, mean=MEAN),
                dict(type='mmpretrain.PackInputs'),
            ],
        )
    )
    return compare(
        'per-image transform on a CIFAR10-style data set',
        lambda: deque(plain, 0),
        'ArrayDataset with PlaceOnGrid',
        lambda: deque(ours, 0),
        repeats=repeats,
        at_least=5.0,
        notes=dict(images=IMAGES, batch=BATCH),
    )


def _plain_dataset(images: Any, labels: Any) -> Any:
    import numpy as np
    from mmcv.transforms import BaseTransform
    from mmpretrain.datasets import BaseDataset

    class PlainPlacement(BaseTransform):
        """The placement, written as one would for one image."""

        def transform(self, results):
            image = results['img']
            height, width = image.shape[:2]
            location = np.random.randint(GRID * GRID)
            top = location // GRID * height
            left = location % GRID * width
            canvas = np.empty((GRID * height, GRID * width, 3), np.float32)
            canvas[:] = MEAN
            canvas[top : top + height, left : left + width] = image
            results.update(img=canvas, gt_label=location)
            return results

    class CifarStyle(BaseDataset):
        """As the host's CIFAR10: one dictionary per image."""

        METAINFO = dict(classes=tuple('0123456789'))

        def load_data_list(self):
            return [
                dict(img=image, gt_label=int(label))
                for image, label in zip(images, labels)
            ]

    return CifarStyle(
        ann_file='',
        pipeline=[
            dict(type='RandomFlip', prob=0.5, direction='horizontal'),
            PlainPlacement(),
            dict(type='PackInputs'),
        ],
    )


def _loader(dataset: Any) -> Any:
    from mmengine.runner import Runner

    return Runner.build_dataloader(
        dict(
            batch_size=BATCH,
            num_workers=0,
            dataset=dataset,
            sampler=dict(type='mmengine.DefaultSampler', shuffle=True),
        ),
        seed=0,
    )
