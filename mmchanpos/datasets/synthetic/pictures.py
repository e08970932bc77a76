"""Built-in images in the layouts of ImageNet, PASCAL VOC and plain folders.

They have the layout, the classes and about the sizes of the real sets, and
are few: for a look at whether something runs, not at what it reaches.
"""

from pathlib import Path
from typing import Iterator

import numpy as np

from mmchanpos.datasets.pictures import write_picture

from .objects import draw_objects
from .street import draw_street

#: Height and width of most images of these sets.
SIZE = (333, 500)
#: Labels of a street (those of Cityscapes) in other sets.
_VOC = {11: 15, 12: 15, 13: 7, 14: 6, 15: 6, 16: 19, 17: 14, 18: 2}
_CAMVID = {
    **{0: 3, 1: 4, 2: 1, 3: 7, 4: 7, 5: 2, 6: 6, 7: 6, 8: 5, 10: 0, 11: 9},
    **{12: 10, 13: 8, 14: 8, 15: 8, 17: 10, 18: 10},
}


def write_folder(out: Path, count: int, split: str = 'test') -> None:
    """Write images of one object each.

    Args:
        out (Path): The folder.
        count (int): How many images.
        split (str): Which images are drawn.
    """
    for i, (image, _) in enumerate(_objects(count, split)):
        write_picture(out / f'{i:06d}.jpg', image)


def write_imagenet(out: Path, counts: dict[str, int]) -> None:
    """Write ``SPLIT/*.JPEG`` and the labels in ``meta/SPLIT.txt``.

    Args:
        out (Path): The folder.
        counts (dict[str, int]): Images of each split.
    """
    for split, count in counts.items():
        rows: list[str] = []
        for i, (image, label) in enumerate(_objects(count, split)):
            rows.append(f'{i:06d}.JPEG {label * 100}\n')
            write_picture(out / split / f'{i:06d}.JPEG', image)
        (out / 'meta').mkdir(exist_ok=True)
        (out / 'meta' / f'{split}.txt').write_text(''.join(rows))


def write_voc(out: Path, counts: dict[str, int]) -> None:
    """Write streets with the labels of PASCAL VOC 2012, as for segmentation.

    Args:
        out (Path): The folder that is called ``VOC2012`` in the real set.
        counts (dict[str, int]): Images of each split.
    """
    lists = out / 'ImageSets' / 'Segmentation'
    lists.mkdir(parents=True, exist_ok=True)
    for split, count in counts.items():
        masks = out / ('SegmentationClass' + 'Aug' * (split == 'aug'))
        names = []
        for name, image, labels in _streets(count, split, _VOC, 0):
            names.append(f'{name}\n')
            write_picture(out / 'JPEGImages' / f'{name}.jpg', image)
            write_picture(masks / f'{name}.png', labels)
        (lists / f'{split}.txt').write_text(''.join(names))


def write_camvid(out: Path, counts: dict[str, int]) -> None:
    """Write streets with the labels of CamVid, as its converter does.

    Args:
        out (Path): The folder.
        counts (dict[str, int]): Images of each split.
    """
    for split, count in counts.items():
        for name, image, labels in _streets(count, split, _CAMVID, 255):
            write_picture(out / 'img_dir' / split / f'{name}.png', image)
            write_picture(out / 'ann_dir' / split / f'{name}.png', labels)


def _streets(
    count: int, split: str, names: dict[int, int], other: int
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    table = np.full(256, other, np.uint8)
    table[list(names)] = list(names.values())
    # More images to train on, as VOC has them, are others than those of train.
    drawn = 'test' if split == 'aug' else split
    for i in range(count):
        scene = draw_street(i, *SIZE, split=drawn)
        yield f'{split}_{i:06d}', scene.image, table[scene.train_ids]


def _objects(count: int, split: str) -> Iterator[tuple[np.ndarray, int]]:
    height, width = SIZE
    top = (width - height) // 2
    images, labels = draw_objects(count, width, split=split)
    for image, label in zip(images, labels):
        yield image[top : top + height], int(label)
