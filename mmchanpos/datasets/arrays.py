"""Read arrays of images and labels, and check that they are what they say."""

from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
import torch

from mmchanpos.errors import InputError, choose
from mmchanpos.files import existing_file

#: How people call the images and the labels in an ``.npz``.
IMAGE_NAMES = ('images', 'x', 'imgs', 'data')
LABEL_NAMES = ('labels', 'y', 'targets')


def read_npy(path: Path) -> np.ndarray:
    """Map an ``.npy`` file; pickled objects are refused."""
    path = existing_file(path)
    try:
        # Copy on write: pages are shared until somebody writes to them.
        return np.load(path, mmap_mode='c', allow_pickle=False)
    # A damaged header is Python that fails in any way.
    except Exception as e:
        raise InputError(
            f'{path} is not a readable .npy file ({e}). It may have been cut '
            'off while being written: make it again.'
        ) from e


def find_array(
    arrays: dict[str, np.ndarray],
    key: Optional[str],
    names: Sequence[str],
    split: Optional[str],
    path: Path,
    optional: bool = False,
) -> Optional[np.ndarray]:
    """Array of an ``.npz`` by its key, or by what people call such arrays.

    Args:
        arrays (dict[str, np.ndarray]): Content of the file.
        key (str, optional): Its name, where the user gave one.
        names (Sequence[str]): Usual names, tried in this order.
        split (str, optional): Part of the set, before or after the name.
        path (Path): The file, for the error.
        optional (bool): Whether there may be none of a usual name.

    Returns:
        np.ndarray: The array, or None.
    """
    if key is not None:
        return choose(arrays, key, f'{path} has no array')
    wanted = list(names)
    if split is not None:
        wanted = [f'{n}_{split}' for n in names]
        wanted += [f'{split}_{n}' for n in names]
    for name in wanted:
        if name in arrays:
            return arrays[name]
    if optional:
        return None
    raise InputError(
        f'{path} holds no array named {wanted[0]} (nor any of '
        f'{", ".join(wanted[1:])}), but {", ".join(arrays)}. Say which with '
        'split, images_key and labels_key.'
    )


def checked_images(images: Any) -> torch.Tensor:
    """Images as a uint8 tensor (N, H, W, C), without a copy where possible."""
    if not isinstance(images, torch.Tensor):
        images = np.asarray(images)
        if images.dtype == np.uint8:
            images = torch.from_numpy(np.require(images, None, ['C', 'W']))
    if images.dtype is not torch.uint8:
        raise InputError(
            f'Images must be uint8 (0 to 255), not {images.dtype}. Convert '
            'them once: (255 * images).round().astype("uint8") for floats '
            'from 0 to 1.'
        )
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4:
        raise InputError(
            'Images must have shape (N, H, W, C) or (N, H, W), not '
            f'{tuple(images.shape)}.'
        )
    if images.shape[3] > 4 and images.shape[1] <= 4:
        raise InputError(
            f'Images of shape {tuple(images.shape)} have their channels '
            'first; (N, H, W, C) was wanted: images.transpose(0, 2, 3, 1).'
        )
    if not images.numel():
        raise InputError(
            f'There is no image: the array has shape {tuple(images.shape)}.'
        )
    return images


def checked_labels(
    labels: Any, images: torch.Tensor
) -> Optional[torch.Tensor]:
    """Labels as an int64 tensor (N, ) that fits the images, or None."""
    if labels is None:
        return None
    labels = np.asarray(labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.dtype.kind not in 'iu' or labels.ndim != 1:
        raise InputError(
            'Labels must be whole numbers of shape (N, ), not '
            f'{labels.dtype} of shape {labels.shape}.'
        )
    if len(labels) != len(images):
        raise InputError(
            f'There are {len(images)} images but {len(labels)} labels.'
        )
    if labels.min() < 0:
        raise InputError(f'Labels start at 0, but one is {labels.min()}.')
    return torch.from_numpy(labels.astype(np.int64))
