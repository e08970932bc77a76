"""A set of small images as the arrays that :class:`ArrayDataset` reads."""

from typing import Any

import numpy as np

from mmchanpos.errors import InputError

from .pictures import read_rgb


def stack(dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read every image of a classification set once.

    Args:
        dataset (BaseDataset): Samples with ``img`` (RGB) or ``img_path``, and
            with ``gt_label``; its pipeline is not used.

    Returns:
        tuple[np.ndarray, np.ndarray]: Images (N, H, W, 3) or (N, H, W),
        uint8, and labels (N, ).
    """
    images, labels = [], []
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        if 'gt_label' not in info:
            raise InputError(
                f'sample {i} has no class: a data set of classification was '
                'wanted.'
            )
        image = info['img'] if 'img' in info else read_rgb(info['img_path'])
        if images and image.shape != images[0].shape:
            raise InputError(
                f'image {i} has the shape {image.shape}, those before it '
                f'{images[0].shape}: one array holds images of one size.'
            )
        if image.dtype != np.uint8:
            raise InputError(
                f'image {i} is of {image.dtype}; uint8, 0 to 255, was wanted.'
            )
        images.append(image)
        labels.append(int(info['gt_label']))
    if not images:
        raise InputError('the data set has no images.')
    return np.stack(images), np.array(labels)
