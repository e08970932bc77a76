"""Images whose objects all lie in one half: val-left and val-right.

The rule that gives the PermuteNet authors' list of 42 images: an image is
*left* if it has at least one annotated row and every row, ignored ones
included, ends at or before the middle; *right* if every row starts there or
after. On the validation set of CityPersons that is 42 and 59 images.
"""

from collections import Counter
from typing import Any, Callable, Optional, Sequence

import numpy as np
from mmengine.dataset import BaseDataset

from mmchanpos.errors import InputError, choose, nearest, one_of
from mmchanpos.files import PathLike, existing_file
from mmchanpos.latent.deltas import plain_stem
from mmchanpos.registry import DATASETS

from .citypersons_annotations import PersonImage, read_annotations

SIDES = ('left', 'right')
#: Which rows decide: all (the authors' list), or fewer.
ROWS: dict[str, Callable[[PersonImage], np.ndarray]] = {
    'all': lambda image: np.ones(len(image.boxes), dtype=bool),
    'pedestrians': lambda image: ~image.ignore,
    'reasonable': lambda image: (
        ~image.ignore & (image.heights >= 50) & (image.visibility >= 0.65)
    ),
}


def side_of(
    starts: np.ndarray, ends: np.ndarray, width: float
) -> Optional[str]:
    """On which side of an image all objects lie.

    Args:
        starts (np.ndarray): Left edge of every object, (n,).
        ends (np.ndarray): Right edge, the first column not covered, (n,).
        width (float): Width of the image.

    Returns:
        str: ``'left'``, ``'right'``, ``'mixed'`` or, without objects,
        ``'empty'``.

    Example:
        >>> side_of(np.array([10, 30]), np.array([20, 50]), 100)
        'left'
        >>> side_of(np.array([10, 30]), np.array([20, 51]), 100)
        'mixed'
    """
    if not len(starts):
        return 'empty'
    if np.all(np.asarray(ends) <= width / 2):
        return 'left'
    return 'right' if np.all(np.asarray(starts) >= width / 2) else 'mixed'


def people_subset(
    annotations: PathLike, side: str, rows: str = 'all'
) -> list[str]:
    """Images of CityPersons with people on one side only.

    Args:
        annotations (PathLike): A ``.mat`` or ``.json`` file.
        side (str): ``'left'`` or ``'right'``.
        rows (str): Which rows decide: ``'all'`` (the authors' lists),
            ``'pedestrians'`` (none that is ignored) or ``'reasonable'``.
            Defaults to ``'all'``.

    Returns:
        list[str]: Names without folder and suffix, in the file's order.
    """
    one_of(SIDES, side, 'there is no side')
    decide = choose(ROWS, rows, 'there is no rule for rows')
    sides = {}
    for image in read_annotations(annotations):
        x, _, w, _ = image.boxes[decide(image)].T
        _note(sides, image.name, side_of(x, x + w, image.width))
    return _chosen(sides, side, str(annotations))


def class_subset(dataset: BaseDataset, class_name: str, side: str) -> list:
    """Images of a segmentation set that show a class on one side only.

    Args:
        dataset (BaseDataset): A built data set of mmsegmentation.
        class_name (str): One of its classes, or several that count as one,
            as in ``'car+truck'``.
        side (str): ``'left'`` or ``'right'``.

    Returns:
        list[str]: Names without folder and suffix, in the set's order.
    """
    one_of(SIDES, side, 'there is no side')
    classes = list(dataset.metainfo.get('classes', ()))
    whole = class_name in classes
    names = [class_name] if whole else class_name.split('+')
    for name in names:
        one_of(classes, name, 'the data set has no class')
    wanted = [classes.index(name) for name in names]
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
    load = [s for s in steps if type(s).__name__ == 'LoadAnnotations']
    if not load:
        raise InputError(
            'the pipeline of the data set has no LoadAnnotations, so its '
            'ground-truth maps cannot be read: give the test pipeline that '
            'evaluates.'
        )
    sides = {}
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        truth = load[0](dict(info))['gt_seg_map']
        # Every column that shows the class counts as an object.
        columns = np.flatnonzero(np.isin(truth, wanted).any(axis=0))
        found = side_of(columns, columns + 1, truth.shape[1])
        _note(sides, info['img_path'], found)
    return _chosen(sides, side, f'the maps of "{class_name}"')


def read_names(path: PathLike) -> list[str]:
    """Read a list of images, one name per line, with or without suffix."""
    path = existing_file(path)
    try:
        lines = path.read_text(encoding='utf8').splitlines()
    except UnicodeDecodeError:
        raise InputError(
            f'{path} is no list of images: one name per line was wanted.'
        ) from None
    return [line.strip() for line in lines if line.strip()]


def indices_of(dataset: Any, names: Sequence[str]) -> list[int]:
    """Places of listed images in a data set, in the set's order.

    Args:
        dataset (Any): A built data set.
        names (Sequence[str]): Image names, with or without suffix.

    Returns:
        list[int]: As many as there are names; a missing one is an error.
    """
    wanted = {plain_stem(name) for name in names}
    if not wanted:
        raise InputError('the list of images is empty.')
    place: dict[str, int] = {}
    paths: dict[str, str] = {}
    for i in range(len(dataset)):
        info = dataset.get_data_info(i)
        name = info.get('img_path') or str(info.get('img_id', i))
        if plain_stem(name) in wanted:
            _note(paths, name, name)
        place[plain_stem(name)] = i
    missing = sorted(wanted - set(place))
    if missing:
        raise InputError(
            f'{len(missing)} of {len(wanted)} listed images are not in the '
            f'data set, the first "{missing[0]}". '
            f'{nearest(missing[0], place)}'
        )
    return sorted(place[name] for name in wanted)


@DATASETS.register_module()
class RegionSubset:
    """The images of any data set whose objects all lie on one side.

    .. code:: python

        dataset = dict(
            type='mmchanpos.RegionSubset', side='left',
            annotations='data/cityscapes/annotations/anno_val.mat',
            dataset=dict(type='CityscapesDataset', ...))

    Say with one of ``names``, ``annotations`` and ``class_name`` which images
    these are.

    Args:
        dataset (dict | BaseDataset): The whole set.
        side (str, optional): ``'left'`` or ``'right'``; not with ``names``.
        names (str | Sequence[str], optional): A file with one name per
            line, or the names.
        annotations (str, optional): Annotations of CityPersons.
        rows (str): Which of their rows decide, see :func:`people_subset`.
            Defaults to ``'all'``.
        class_name (str, optional): A class of a segmentation set, or
            several, see :func:`class_subset`.
    """

    def __init__(
        self,
        dataset: Any,
        side: Optional[str] = None,
        names: Any = None,
        annotations: Optional[str] = None,
        rows: str = 'all',
        class_name: Optional[str] = None,
    ) -> None:
        given = [x is not None for x in (names, annotations, class_name)]
        if sum(given) != 1:
            raise InputError(
                'RegionSubset takes exactly one of names, annotations and '
                f'class_name; got {sum(given)}.'
            )
        if (names is None) == (side is None):
            raise InputError(
                'RegionSubset takes a side with annotations or class_name, '
                f'and none with names; got side={side!r}.'
            )
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
        self.dataset = dataset
        if class_name is not None:
            names = class_subset(dataset, class_name, side)
        elif annotations is not None:
            names = people_subset(annotations, side, rows)
        elif isinstance(names, str):
            names = read_names(names)
        self.indices = indices_of(dataset, names)

    @property
    def metainfo(self) -> dict:
        """Classes and palette of the whole set."""
        return self.dataset.metainfo

    def full_init(self) -> None:
        """The whole set is ready once it is built."""

    def get_data_info(self, idx: int) -> dict:
        """Annotations of an image, counted in the subset."""
        return self.dataset.get_data_info(self.indices[idx])

    def __getitem__(self, idx: int) -> Any:
        return self.dataset[self.indices[idx]]

    def __len__(self) -> int:
        return len(self.indices)


def _note(known: dict[str, Any], name: str, value: Any) -> None:
    """Keep what is known of an image, if no other is called so."""
    if known.setdefault(plain_stem(name), value) != value:
        raise InputError(
            f'there are two images "{plain_stem(name)}", the second being '
            f'{name}, which a list of names without folders cannot tell '
            'apart: rename one.'
        )


def _chosen(sides: dict[str, str], side: str, source: str) -> list[str]:
    names = [name for name, found in sides.items() if found == side]
    if not names:
        found = Counter(sides.values())
        counts = ', '.join(
            f'{found[s]} {s}' for s in (*SIDES, 'mixed', 'empty')
        )
        raise InputError(
            f'no image has objects on the {side} only: {source} gives '
            f'{counts} of {len(sides)} images.'
        )
    return names
