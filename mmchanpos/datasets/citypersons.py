"""CityPersons for mmdet: people as boxes, everybody else as ignored."""

from os.path import join
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
from mmdet.datasets import BaseDetDataset
from PIL import Image

from mmchanpos.errors import InputError
from mmchanpos.registry import DATASETS

from .citypersons_annotations import PersonImage, read_annotations


@DATASETS.register_module()
class CityPersonsDataset(BaseDetDataset):
    """CityPersons from the official ``.mat`` files or the public JSON.

    For training, rows that are no pedestrian, and pedestrians shorter than
    ``min_height``, are ignored instances. Training boxes are clipped to the
    image; what the evaluation reads (``full_box`` and so on, see
    :class:`CityPersonsMissRate`) is left as annotated, row by row.

    Args:
        *args: Of ``BaseDetDataset``.
        min_height (float): Height of the full box from which on a pedestrian
            is a positive. Defaults to 50.
        image_size (tuple[int, int], optional): Height and width of all
            images, for ``.mat`` files, which do not say. Defaults to None:
            those of the first image that can be read; where none has to
            (``check_images=False``), what the file says, or Cityscapes has.
        check_images (bool): Look at once whether all image files are there.
            Turn it off for storage that is not a local folder. Defaults to
            True.
        **kwargs: Of ``BaseDetDataset``. ``filter_cfg=dict(
            filter_empty_gt=True)`` leaves out training images without a
            positive.

    Example:
        >>> dataset = dict(
        ...     type='mmchanpos.CityPersonsDataset',
        ...     data_root='data/cityscapes/',
        ...     ann_file='annotations/anno_train.mat',
        ...     data_prefix=dict(img='leftImg8bit/train/'))
    """

    METAINFO = {'classes': ('pedestrian',), 'palette': [(220, 20, 60)]}

    def __init__(
        self,
        *args: Any,
        min_height: float = 50,
        image_size: Optional[tuple[int, int]] = None,
        check_images: bool = True,
        **kwargs: Any,
    ) -> None:
        if image_size is not None and not (
            isinstance(image_size, (list, tuple))
            and len(image_size) == 2
            and all(type(side) is int and side > 0 for side in image_size)
        ):
            raise InputError(
                f'image_size={image_size!r}: height and width in pixels were '
                'wanted, such as (1024, 2048).'
            )
        self.min_height = min_height
        self.image_size = image_size
        self.check_images = check_images
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Read the annotations.

        Returns:
            list[dict[str, Any]]: One entry per image, by ascending id.
        """
        images = read_annotations(self.ann_file)
        # A Path would make s3:/ of s3://.
        prefix = self.data_prefix.get('img', '')
        folder = Path(prefix)
        paths = [image.path for image in images if self.check_images]
        missing = [p for p in paths if not (folder / p).is_file()]
        if missing:
            raise InputError(
                f'{len(missing)} of {len(images)} images are not below '
                f'{folder}, the first being {", ".join(missing[:5])}. Unpack '
                'leftImg8bit of Cityscapes there, or mend data_root and '
                'data_prefix.'
            )
        if str(self.ann_file).endswith('.mat'):
            size = self.image_size or _size_of(folder, images)
            if size is None and self.check_images:
                raise InputError(
                    f'none of the {len(images)} images below {folder} opens.'
                )
            if size is not None:
                known = dict(zip(('height', 'width'), size))
                images = [image._replace(**known) for image in images]
        return [self._data_info(image, prefix) for image in images]

    def filter_data(self) -> list[dict[str, Any]]:
        """Leave out training images without a positive, if asked to.

        Returns:
            list[dict[str, Any]]: The images that stay.
        """
        wanted = (self.filter_cfg or {}).get('filter_empty_gt', False)
        if self.test_mode or not wanted:
            return self.data_list
        return [
            info
            for info in self.data_list
            if any(not row['ignore_flag'] for row in info['instances'])
        ]

    def _data_info(self, image: PersonImage, prefix: str) -> dict[str, Any]:
        clipped = clip_boxes(image.boxes, image.height, image.width)
        has_area = (clipped[:, 2:] > clipped[:, :2]).all(axis=1)
        # The evaluation needs every row, a training needs boxes with an area.
        rows = np.flatnonzero(has_area | self.test_mode)
        short = image.boxes[:, 3] < self.min_height
        return {
            'img_id': image.id,
            'img_path': join(prefix, image.path),
            'height': image.height,
            'width': image.width,
            'instances': [
                {
                    'bbox': clipped[k].tolist(),
                    'bbox_label': 0,
                    'ignore_flag': int(image.ignore[k] or short[k]),
                    'full_box': image.boxes[k].tolist(),
                    'visible_box': image.visible_boxes[k].tolist(),
                    'never_counts': bool(image.ignore[k]),
                    'height': float(image.heights[k]),
                    'visibility': float(image.visibility[k]),
                }
                for k in rows
            ],
        }


def clip_boxes(boxes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Corners of boxes inside the image.

    Args:
        boxes (np.ndarray): x, y, w, h, shape (n, 4).
        height (int): Of the image.
        width (int): Of the image.

    Returns:
        np.ndarray: x1, y1, x2, y2, shape (n, 4).
    """
    corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1)
    return np.clip(corners, 0, [width, height, width, height])


def _size_of(
    folder: Path, images: Sequence[PersonImage]
) -> Optional[tuple[int, int]]:
    for image in images:
        try:
            # Opening reads the header alone.
            with Image.open(folder / image.path) as file:
                return file.height, file.width
        except OSError:  # named when it is its turn, or left out
            continue
    return None
