"""Read and write the annotations of CityPersons, whatever file holds them.

Two public formats are read into one list of :class:`PersonImage`: the
authors' ``.mat`` files and COCO-like JSON (``val_gt.json`` of the evaluator,
and the files that public converters made of it). Needs numpy and scipy alone.
"""

from pathlib import Path
from typing import Annotated, Any, NamedTuple, Optional, Sequence, Union

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, existing_file
from mmchanpos.formats import read_typed

#: Rows of a ``.mat`` file say what they show; only 1 is a pedestrian.
ROW_CLASSES = (
    'ignore region',
    'pedestrian',
    'rider',
    'sitting person',
    'other person',
    'people group',
)
PEDESTRIAN, GROUP = 1, 5
#: Height and width of every Cityscapes image; the official ``.mat`` files do
#: not store them, those of other sizes under this name.
CITYSCAPES_SIZE = (1024, 2048)
SIZE_KEY = 'image_size'

_Size = Annotated[int, msgspec.Meta(ge=1)]
_Box = Annotated[list[float], msgspec.Meta(min_length=4, max_length=4)]


class PersonImage(NamedTuple):
    """One image and its n annotated rows, none left out, none clipped.

    Attributes:
        id (int): Number of the image in result files, from 1.
        name (str): File name, such as ``aachen_000000_000019_leftImg8bit.png``
            or a path below the image folder.
        height (int): Height of the image.
        width (int): Width of the image.
        boxes (np.ndarray): Full boxes x, y, w, h, float64, shape (n, 4).
        visible_boxes (np.ndarray): Visible boxes, same layout.
        ignore (np.ndarray): True where the row is no pedestrian to be found,
            shape (n, ).
        crowd (np.ndarray): True where the row is a group, shape (n, ).
        heights (np.ndarray): Heights that evaluation setups ask for, (n, ).
        visibility (np.ndarray): Visible part of the full box, shape (n, ).
    """

    id: int
    name: str
    height: int
    width: int
    boxes: np.ndarray
    visible_boxes: np.ndarray
    ignore: np.ndarray
    crowd: np.ndarray
    heights: np.ndarray
    visibility: np.ndarray

    @property
    def path(self) -> str:
        """Path below the image folder, where each city has its own."""
        if '/' in self.name:
            return self.name
        return f'{self.name.split("_")[0]}/{self.name}'


def read_annotations(
    path: PathLike, image_size: Optional[tuple[int, int]] = None
) -> list[PersonImage]:
    """Read annotations of CityPersons.

    Args:
        path (PathLike): A ``.mat`` or ``.json`` file.
        image_size (tuple[int, int], optional): Height and width of the
            images, for ``.mat`` files alone. Defaults to None: what the file
            says, as those of the built-in data do, else ``(1024, 2048)``.

    Returns:
        list[PersonImage]: In the order of their ids.
    """
    path = Path(path)
    if path.suffix == '.mat':
        return _read_mat(path, image_size)
    if path.suffix == '.json':
        if image_size is not None:
            raise InputError(f'{path} says itself how large its images are.')
        return _read_json(path)
    raise InputError(
        f'"{path}" is neither a .mat file of CityPersons nor a .json file.'
    )


def to_json(images: list[PersonImage]) -> dict[str, Any]:
    """The content of a ``val_gt.json`` with these images.

    Args:
        images (list[PersonImage]): What :func:`read_annotations` returns.

    Returns:
        dict[str, Any]: ``categories``, ``images`` and ``annotations`` as the
        public evaluator reads them, ids of rows counting from 1.
    """
    order = [*range(1, len(ROW_CLASSES)), 0]
    rows: list[dict[str, Any]] = []
    for image in images:
        for k in range(len(image.boxes)):
            rows.append(
                {
                    'id': len(rows) + 1,
                    'image_id': image.id,
                    # Public files say 1 for every row, ignored ones too.
                    'category_id': PEDESTRIAN,
                    'iscrowd': int(image.crowd[k]),
                    'ignore': int(image.ignore[k]),
                    'bbox': _plain(image.boxes[k]),
                    'vis_bbox': _plain(image.visible_boxes[k]),
                    'height': _plain(image.heights[k : k + 1])[0],
                    'vis_ratio': float(image.visibility[k]),
                }
            )
    return {
        'categories': [{'id': i, 'name': ROW_CLASSES[i]} for i in order],
        'images': [
            dict(id=i.id, im_name=i.name, height=i.height, width=i.width)
            for i in images
        ],
        'annotations': rows,
    }


def visible_part(boxes: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Visible area over full area, to the 12 digits of the public files.

    Args:
        boxes (np.ndarray): Full boxes x, y, w, h, shape (n, 4).
        visible (np.ndarray): Visible boxes, shape (n, 4).

    Returns:
        np.ndarray: Shape (n, ); 0 where the full box has no area.
    """
    area = boxes[:, 2] * boxes[:, 3]
    seen = visible[:, 2] * visible[:, 3]
    part = np.divide(seen, area, out=np.zeros_like(area), where=area > 0)
    return np.array([float(f'{p:.12g}') for p in part])


def _read_mat(
    path: Path, size: Optional[tuple[int, int]]
) -> list[PersonImage]:
    from scipy.io import loadmat

    path = existing_file(path)
    try:
        # mat_dtype, as the file stores small unsigned integers, which
        # overflow as soon as a width is added to an x.
        content = loadmat(path, mat_dtype=True)
    except Exception as e:
        raise InputError(f'{path} is not a readable .mat file ({e}).') from e
    if size is None:
        size = np.ravel(content.get(SIZE_KEY, CITYSCAPES_SIZE))
    found = []
    for i, cell in enumerate(_cells(content, path)):
        try:
            cell = cell[0, 0]
            name = str(cell['im_name'][0])
            rows = np.asarray(cell['bbs'], dtype=np.float64)
        except (IndexError, ValueError, TypeError) as e:
            raise InputError(
                f'Cell {i} of {path} has no "im_name" and "bbs" ({e}): these '
                'are not annotations of CityPersons.'
            ) from e
        if rows.size and (rows.ndim != 2 or rows.shape[1] != 10):
            raise InputError(
                f'"bbs" of {name} in {path} has shape {rows.shape}; (n, 10) '
                'was wanted: class, box, instance, visible box.'
            )
        found.append((name, rows.reshape(-1, 10)))
    found.sort(key=lambda item: item[0])
    return [
        _image(
            path,
            id=i,
            name=name,
            size=size,
            boxes=rows[:, 1:5],
            visible_boxes=rows[:, 6:10],
            ignore=rows[:, 0] != PEDESTRIAN,
            crowd=rows[:, 0] == GROUP,
        )
        for i, (name, rows) in enumerate(found, 1)
    ]


def _cells(content: dict[str, np.ndarray], path: Path) -> np.ndarray:
    keys = [k for k in content if not k.startswith('__')]
    named = [k for k in keys if k.startswith('anno_')]
    if len(named) != 1:
        raise InputError(
            f'{path} holds {keys}; one variable such as "anno_val_aligned" '
            'was wanted. Is it the .mat file of another data set?'
        )
    cells = content[named[0]].ravel()
    if cells.dtype != object or not len(cells):
        raise InputError(f'"{named[0]}" of {path} holds no images.')
    return cells


class _Image(msgspec.Struct):
    """An image as files list it, public ones and those for training."""

    id: int
    height: _Size
    width: _Size
    im_name: str = ''
    file_name: str = ''


class _Row(msgspec.Struct):
    """A row of a file; those for training lack height and visibility."""

    image_id: int
    bbox: _Box
    id: Any = None
    vis_bbox: Optional[_Box] = None
    posv: Optional[_Box] = None
    iscrowd: Union[int, bool, None] = 0
    ignore: Union[int, bool, None] = None
    height: Optional[float] = None
    vis_ratio: Optional[float] = None


class _File(msgspec.Struct):
    images: list[_Image]
    annotations: list[_Row]


def _read_json(path: Path) -> list[PersonImage]:
    content = read_typed(path, _File)
    rows: dict[int, list[_Row]] = {i.id: [] for i in content.images}
    if not rows or len(rows) < len(content.images):
        raise InputError(f'{path} lists no images, or an id of them twice.')
    for row in content.annotations:
        if row.image_id not in rows:
            raise InputError(
                f'Annotation {row.id} of {path} belongs to image '
                f'{row.image_id}, which is not listed.'
            )
        rows[row.image_id].append(row)
    images = sorted(content.images, key=lambda image: image.id)
    return [_image_of_json(i, rows[i.id], path) for i in images]


def _image_of_json(image: _Image, rows: list[_Row], path: Path) -> PersonImage:
    name = image.im_name or image.file_name
    if not name:
        raise InputError(f'Image {image.id} of {path} has no im_name.')
    seen = [row.vis_bbox or row.posv or row.bbox for row in rows]
    # Files for training use "height" for the image, and have no visibility.
    measured = [(row.height, row.vis_ratio) for row in rows]
    known = not any(None in pair for pair in measured)
    return _image(
        path,
        id=image.id,
        name=name,
        size=(image.height, image.width),
        boxes=_array([row.bbox for row in rows], 4),
        visible_boxes=_array(seen, 4),
        ignore=[r.iscrowd if r.ignore is None else r.ignore for r in rows],
        crowd=[row.iscrowd for row in rows],
        measured=_array(measured, 2) if known else None,
    )


def _image(
    source: Path,
    size: Sequence[int],
    boxes: np.ndarray,
    visible_boxes: np.ndarray,
    ignore: Sequence,
    crowd: Sequence,
    measured: Optional[np.ndarray] = None,
    **named: Any,
) -> PersonImage:
    finite = np.isfinite([boxes, visible_boxes]).all()
    if not finite or (boxes[:, 2:] < 0).any():
        raise InputError(
            f'{source}: boxes of {named["name"]} are no finite x, y, w, h, or '
            'their size is negative.'
        )
    if measured is None:
        part = visible_part(boxes, visible_boxes)
        measured = np.stack([boxes[:, 3], part], axis=1)
    elif (measured < 0).any():
        raise InputError(
            f'{source}: a height or vis_ratio of {named["name"]} is negative.'
        )
    return PersonImage(
        height=int(size[0]),
        width=int(size[1]),
        boxes=boxes,
        visible_boxes=visible_boxes,
        ignore=np.array(ignore, dtype=bool),
        crowd=np.array(crowd, dtype=bool),
        heights=measured[:, 0],
        visibility=measured[:, 1],
        **named,
    )


def _array(rows: list, columns: int) -> np.ndarray:
    return np.array(rows, dtype=np.float64).reshape(-1, columns)


def _plain(values: np.ndarray) -> list:
    return [int(v) if v == int(v) else float(v) for v in values]
