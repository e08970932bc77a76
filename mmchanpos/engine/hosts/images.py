"""How hosts name and size the images of a test."""

import re
from collections.abc import Mapping
from math import prod
from typing import Any, Callable, Optional

import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS

from mmchanpos.engine.nested import kind_of, leaves
from mmchanpos.latent.deltas import plain_stem


def stride_of(backbone: Mapping) -> int:
    """Pixels between two places of the smallest map of a backbone.

    Args:
        backbone (Mapping): Its config. One that says nothing has 32, as
            nearly all have.
    """
    strides = backbone.get('strides')
    if strides:
        # Residual nets count from behind a stem, which small images lack.
        small = 'CIFAR' in str(backbone.get('type'))
        return prod(strides) * (4 if strides[0] == 1 and not small else 1)
    patch = backbone.get('patch_size')
    plain = 'VisionTransformer' in str(backbone.get('type'))
    return patch if plain and isinstance(patch, int) else 32


def size_of_tests(cfg: Mapping) -> Optional[tuple[int, int]]:
    """Height and width at which images are tested, where a config says it.

    Args:
        cfg (Mapping): A complete config.

    Returns:
        tuple[int, ...]: None where it is not said, or where images are padded
        to a divisor.
    """
    model = cfg.get('model') or {}
    prepared = model.get('data_preprocessor') or {}
    prepared = {**prepared, **(prepared.get('test_cfg') or {})}
    if prepared.get('pad_size_divisor', 1) > 1 or prepared.get('size_divisor'):
        return None
    settings = model.get('test_cfg') or {}
    if settings.get('mode') == 'slide':
        size = _pair(settings.get('crop_size'))
        # The window alone is written height first.
        return size and size[::-1]
    dataset = (cfg.get('test_dataloader') or {}).get('dataset') or {}
    dataset = next(leaves(dataset))
    size = None
    for step in dataset.get('pipeline') or ():
        kind = kind_of(step)
        if kind.endswith('Resize'):
            size = _pair(step.get('scale') or step.get('img_scale'))
        elif kind.endswith('CenterCrop'):
            size = _pair(step.get('crop_size'))
        elif kind.endswith(('Pad', 'ResizeEdge')):
            size = None if 'size_divisor' in step else _pair(step.get('size'))
    return size


def reads_bgr(dataset: Any) -> bool:
    """Whether the images of a built data set come in BGR, as of files.

    Sets of images in memory have RGB.
    """
    pipeline = getattr(next(leaves(dataset)), 'pipeline', None)
    steps = getattr(pipeline, 'transforms', ())
    return any(type(step).__name__.startswith('LoadImage') for step in steps)


def pictures_of(cfg: Config) -> Callable[[int], np.ndarray]:
    """Images (H, W, 3) of the test set of a complete config, in RGB."""
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    bgr = reads_bgr(dataset)

    def picture(index: int) -> np.ndarray:
        image = dataset[index]['inputs'].permute(1, 2, 0).numpy()
        return image[..., ::-1] if bgr else image

    return picture


def _pair(size: Any) -> Optional[tuple[int, int]]:
    """Height and width of (width, height), as hosts write sizes."""
    if isinstance(size, int):
        return size, size
    plain = isinstance(size, (tuple, list)) and len(size) == 2
    if not plain or not all(isinstance(side, int) for side in size):
        return None
    return size[1], size[0]


def image_stem(name: str) -> str:
    """Name of an image in lists, whatever folder and suffix a set gives it.

    Example:
        >>> image_stem('val/lindau/lindau_000003_000019_leftImg8bit.png')
        'lindau_000003_000019'
    """
    return re.sub(
        r'_(leftImg8bit|gtFine_labelTrainIds|gtFine)$', '', plain_stem(name)
    )
