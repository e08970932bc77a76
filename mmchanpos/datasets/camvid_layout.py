"""From CamVid as SegNet's tutorial has it to the folders that hosts read."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike

from .pictures import write_picture

SPLITS = ('train', 'val', 'test')
#: The tutorial's label of what has no class, and the hosts'.
VOID, IGNORED = 11, 255


def convert(source: PathLike, out: PathLike) -> dict[str, int]:
    """Copy images and labels, with 255 for what has no class.

    Args:
        source (PathLike): Holds ``train/``, ``trainannot/`` and so on.
        out (PathLike): Gets ``img_dir/train/``, ``ann_dir/train/`` and so on.

    Returns:
        dict[str, int]: How many images each split has, of those there.
    """
    source, out = Path(source), Path(out)
    found = {}
    for split in SPLITS:
        images = sorted((source / split).glob('*.png'))
        for image in images:
            labels = _labels(source / f'{split}annot' / image.name)
            (out / 'img_dir' / split).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(image, out / 'img_dir' / split / image.name)
            write_picture(out / 'ann_dir' / split / image.name, labels)
        if images:
            found[split] = len(images)
    if not found:
        raise InputError(
            f'{source} has no images in train/, val/ or test/: give the '
            'folder CamVid of the SegNet tutorial.'
        )
    return found


def _labels(path: Path) -> np.ndarray:
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if labels is None or labels.ndim != 2:
        raise InputError(f'{path} is no readable map of labels.')
    if labels.max() > VOID:
        raise InputError(
            f'{path} holds the label {labels.max()}; CamVid of the SegNet '
            f'tutorial has 0 to {VOID}. Was it converted before?'
        )
    return np.where(labels == VOID, IGNORED, labels).astype(np.uint8)
