"""Many samples of a data set in one picture, with all that is known of them.

Boxes are green, ignored ones grey; where less is visible, that part is white.
If every row of an image lies in one half, the rule that makes val-left and
val-right counts the image for that half, and the half is framed.
"""

from typing import Any, NamedTuple, Optional, Sequence

import cv2
import numpy as np
from PIL import Image

from mmchanpos.errors import InputError
from mmchanpos.files import number_of

from .pictures import read_rgb
from .region_subset import side_of

FOUND, IGNORED, VISIBLE = (40, 220, 60), (150, 150, 150), (255, 255, 255)
SIDE = (255, 200, 0)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


class Panel(NamedTuple):
    """One sample of the sheet.

    Attributes:
        image (np.ndarray): RGB (H, W, 3), uint8.
        caption (str): Said above it.
        labels (np.ndarray, optional): Colours of the classes (H, W, 3).
        rows (Sequence[dict]): Instances that are marked.
        classes (Sequence[str]): Names of the classes.
    """

    image: np.ndarray
    caption: str
    labels: Optional[np.ndarray]
    rows: Sequence[dict]
    classes: Sequence[str]


def panel_of(dataset: Any, index: int) -> Panel:
    """Panel of a sample of any host's data set, before its pipeline.

    Args:
        dataset (BaseDataset): Samples with ``img`` or ``img_path``, and any
            of ``gt_label``, ``seg_map_path`` and ``instances``.
        index (int): Which sample.

    Returns:
        Panel: What there is to see.
    """
    info = dataset.get_data_info(index)
    meta = dataset.metainfo
    image = info['img'] if 'img' in info else read_rgb(info['img_path'])
    classes = meta.get('classes') or ()
    caption = f'#{index}'
    if 'gt_label' in info:
        caption += f' {_name(classes, info["gt_label"])}'
    labels = None
    if info.get('seg_map_path'):
        palette = np.full((256, 3), 0, np.uint8)
        palette[: len(classes)] = meta['palette']
        ids = _read_labels(info['seg_map_path'])
        ids = ids.astype(int) - bool(info.get('reduce_zero_label'))
        if info.get('label_map'):
            named = np.arange(256)
            for before, after in info['label_map'].items():
                named[before] = after
            ids = named[ids]
        labels = palette[ids % 256]
    return Panel(image, caption, labels, info.get('instances', ()), classes)


def draw_sheet(
    panels: Sequence[Panel], columns: int = 4, panel_width: int = 320
) -> np.ndarray:
    """Arrange panels in rows.

    Args:
        panels (Sequence[Panel]): The samples; sizes may differ.
        columns (int): Panels in a row. Defaults to 4.
        panel_width (int): Width of a panel in pixels. Defaults to 320.

    Returns:
        np.ndarray: The sheet, RGB (H, W, 3), uint8.
    """
    if not panels:
        raise InputError('There is no sample to be shown.')
    drawn = [_draw(panel, panel_width) for panel in panels]
    height = max(len(panel) for panel in drawn)
    columns = min(columns, len(drawn))
    rows = -(-len(drawn) // columns)
    gap = 6
    sheet = np.full(
        (rows * (height + gap) + gap, columns * (panel_width + gap) + gap, 3),
        245,
        np.uint8,
    )
    for k, panel in enumerate(drawn):
        y = gap + k // columns * (height + gap)
        x = gap + k % columns * (panel_width + gap)
        sheet[y : y + len(panel), x : x + panel_width] = panel
    return sheet


def _name(classes: Sequence[str], label: Any) -> str:
    # MNIST has arrays of one number.
    label = number_of(label)
    known = isinstance(label, int) and 0 <= label < len(classes)
    return str(classes[label] if known else label)


def _read_labels(path: str) -> np.ndarray:
    # OpenCV would make colours, and then brightness, of numbers that stand
    # for the entries of a palette.
    try:
        with Image.open(path) as image:
            ids = np.asarray(image).astype(np.uint8)
    except OSError as e:
        raise InputError(f'{path} is missing or is no image.') from e
    if ids.ndim != 2:
        raise InputError(
            f'{path} is a picture in colour; a label map, which has one '
            'number in every pixel, was wanted.'
        )
    return ids


def _draw(panel: Panel, width: int) -> np.ndarray:
    scale = width / panel.image.shape[1]
    height = round(panel.image.shape[0] * scale)
    # Small images keep their pixels, large ones are averaged.
    method = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    image = cv2.resize(panel.image, (width, height), interpolation=method)
    image = np.repeat(image[..., None], 3, 2) if image.ndim == 2 else image
    image = np.ascontiguousarray(image)
    caption = panel.caption
    boxes = [_box(row) for row in panel.rows]
    # Rows of CityPersons, to which the left/right rule applies.
    if boxes and all('full_box' in row for row in panel.rows):
        starts = np.array([x for x, *_ in boxes])
        ends = starts + [w for _, _, w, _ in boxes]
        side = side_of(starts, ends, panel.image.shape[1])
        if side in ('left', 'right'):
            caption += f' ({side})'
            x = 0 if side == 'left' else width // 2
            corner = x + width // 2 - 1, height - 1
            cv2.rectangle(image, (x, 0), corner, SIDE, 3)
    for row, box in zip(panel.rows, boxes):
        visible = row.get('visible_box')
        if visible is not None and visible[2] > 0:
            _rectangle(image, visible, scale, VISIBLE)
        colour = IGNORED if row.get('ignore_flag') else FOUND
        _rectangle(image, box, scale, colour)
        if len(panel.classes) > 1:
            name = _name(panel.classes, row['bbox_label'])
            place = int(box[0] * scale), int(box[1] * scale) - 3
            _say(image, name, place, 0.33, FOUND)
    title = np.full((18, width, 3), 245, np.uint8)
    _say(title, caption, (2, 13), 0.42, (20, 20, 20))
    parts = [title, image]
    if panel.labels is not None:
        nearest = dict(interpolation=cv2.INTER_NEAREST)
        parts.append(cv2.resize(panel.labels, (width, height), **nearest))
    return np.concatenate(parts)


def _box(row: dict) -> Sequence[float]:
    x1, y1, x2, y2 = row['bbox']
    return row.get('full_box', (x1, y1, x2 - x1, y2 - y1))


def _rectangle(
    image: np.ndarray, box: Sequence[float], scale: float, colour: tuple
) -> None:
    x, y, w, h = (scale * value for value in box)
    start, end = (round(x), round(y)), (round(x + w) - 1, round(y + h) - 1)
    cv2.rectangle(image, start, end, colour, 1)


def _say(
    image: np.ndarray, text: str, place: tuple, size: float, colour: tuple
) -> None:
    cv2.putText(image, text, place, _FONT, size, colour, 1, cv2.LINE_AA)
