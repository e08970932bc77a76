"""Write built-in data as files, in the layouts of the real sets.

``streets/`` is a Cityscapes and a CityPersons folder at once::

    leftImg8bit/{train,val}/synthetic/NAME_leftImg8bit.png
    gtFine/{train,val}/synthetic/NAME_gtFine_{labelTrainIds,labelIds,...}.png
    annotations/anno_{train,val}.mat          rows of CityPersons
    annotations/{train,val}_gt.json           the same for its evaluator
    annotations/instancesonly_filtered_gtFine_{train,val}.json      COCO style
    synthetic.json                            what it was drawn with

so configs for these sets read it once their ``data_root`` points there.
"""

import os
import shutil
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Callable, Iterable

import numpy as np
from scipy.io import savemat

from mmchanpos.datasets.citypersons_annotations import (
    SIZE_KEY,
    read_annotations,
    to_json,
)
from mmchanpos.datasets.pictures import write_picture
from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, read_json, write_json, write_npz

from .objects import OBJECTS, draw_objects
from .scene import TRAIN_IDS, Scene, find_things, label_ids
from .seeds import SPLITS
from .street import draw_street

CITY = 'synthetic'
#: Ids and names that mmdet's ``CityscapesDataset`` expects.
CATEGORIES = {
    24: 'person',
    25: 'rider',
    26: 'car',
    27: 'truck',
    28: 'bus',
    31: 'train',
    32: 'motorcycle',
    33: 'bicycle',
}
_MANIFEST = 'synthetic.json'
#: To be raised whenever equal settings begin to give other files.
DRAWING = 3

#: Wraps an iterable of known length to show how far it is.
Track = Callable[[Iterable, str, int], Iterable]


def write_streets(
    out: PathLike,
    counts: dict[str, int],
    height: int = 64,
    width: int = 128,
    seed: int = 0,
    workers: int = 1,
    overwrite: bool = False,
    track: Track = lambda scenes, *_: scenes,
    cars: tuple[int, int] = (1, 3),
) -> bool:
    """Write street scenes in the layout of Cityscapes and CityPersons.

    The folder appears once it is complete; the files are the same bytes for
    any number of workers.

    Args:
        out (PathLike): The folder, a ``data_root``.
        counts (dict[str, int]): Scenes of each split.
        height (int): Height of the scenes.
        width (int): Width of the scenes.
        seed (int): Seed of the set.
        workers (int): Processes that draw. Defaults to 1.
        overwrite (bool): Whether to replace a folder that was drawn
            otherwise. Defaults to False.
        track (Track): Shows progress. Defaults to none.
        cars (tuple[int, int]): See :func:`draw_street`. Defaults to 1 to 3.

    Returns:
        bool: False if the folder already held exactly this.
    """
    out = Path(out)
    settings = {
        'drawing': DRAWING,
        'height': height,
        'width': width,
        'seed': seed,
        'counts': dict(counts),
        'cars': list(cars),
    }
    if _is_done(out, settings, overwrite):
        return False
    # Errors come now, not in a worker.
    draw = partial(
        draw_street, height=height, width=width, seed=seed, cars=cars
    )
    draw(0)
    partial_out = out.with_name(f'.{out.name}-{os.getpid()}')
    try:
        for split, count in counts.items():
            write = partial(_write_scene, partial_out, split, draw)
            with ExitStack() as stack:
                scenes: Callable = map
                if workers > 1:
                    pool = get_context('fork').Pool(workers)
                    scenes = stack.enter_context(pool).imap
                found = list(track(scenes(write, range(count)), split, count))
            _write_annotations(partial_out, split, found, (height, width))
        write_json(partial_out / _MANIFEST, settings)
        if out.exists():
            shutil.rmtree(out)
        os.replace(partial_out, out)
    finally:
        shutil.rmtree(partial_out, ignore_errors=True)
    return True


def write_objects(
    path: PathLike, counts: dict[str, int], size: int = 32, seed: int = 0
) -> None:
    """Write small objects as one ``.npz`` that ``ArrayDataset`` reads.

    Args:
        path (PathLike): The file; its parts are the ``split`` of the set.
        counts (dict[str, int]): Images of each split.
        size (int): Height and width of the images.
        seed (int): Seed of the set.
    """
    arrays = {'classes': np.array(OBJECTS)}
    for split, count in counts.items():
        arrays[f'x_{split}'], arrays[f'y_{split}'] = draw_objects(
            count, size, seed=seed, split=split
        )
    write_npz(path, **arrays)


def _is_done(out: Path, settings: dict, overwrite: bool) -> bool:
    manifest = out / _MANIFEST
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return False
    if not manifest.is_file():
        raise InputError(
            f'{out} exists and holds no built-in data: it is left alone. '
            'Give another folder.'
        )
    found = read_json(manifest)
    if found == settings:
        return True
    if overwrite:
        return False
    raise InputError(
        f'{out} was drawn with other settings: {found}, not {settings}. '
        'Give another folder, or allow to overwrite it (--overwrite).'
    )


def _write_scene(
    out: Path, split: str, draw: Callable[..., Scene], index: int
) -> tuple[str, np.ndarray, list[dict]]:
    scene = draw(index, split=split)
    # City, sequence and frame, as in Cityscapes.
    name = f'{CITY}_{SPLITS.index(split):06d}_{index:06d}'
    labels = label_ids(scene.instances)
    image = out / 'leftImg8bit' / split / CITY / f'{name}_leftImg8bit.png'
    write_picture(image, scene.image)
    for kind, content in (
        ('labelTrainIds', TRAIN_IDS[labels]),
        ('labelIds', labels),
        ('instanceIds', scene.instances),
    ):
        file = out / 'gtFine' / split / CITY / f'{name}_gtFine_{kind}.png'
        write_picture(file, content)
    return name, scene.people, find_things(scene.instances)


def _write_annotations(
    out: Path, split: str, scenes: list, size: tuple[int, int]
) -> None:
    folder = out / 'annotations'
    folder.mkdir(parents=True, exist_ok=True)
    cells = np.empty((1, len(scenes)), object)
    for j, (name, people, _) in enumerate(scenes):
        cells[0, j] = {
            'cityname': CITY,
            'im_name': f'{name}_leftImg8bit.png',
            'bbs': people.astype(np.float64),
        }
    mat = folder / f'anno_{split}.mat'
    # Without its size left and right cannot be told from the file alone.
    content = {f'anno_{split}_aligned': cells, SIZE_KEY: np.array(size)}
    savemat(mat, content, do_compression=True)
    people = to_json(read_annotations(mat))
    write_json(folder / f'{split}_gt.json', people, indent=None)
    images: list[dict] = []
    rows: list[dict] = []
    for i, (name, _, things) in enumerate(scenes):
        file_name = f'{CITY}/{name}_leftImg8bit.png'
        shape = dict(zip(('height', 'width'), size))
        images.append(dict(id=i, file_name=file_name, **shape))
        for thing in things:
            rows.append(dict(id=len(rows) + 1, image_id=i, **thing))
    categories = [{'id': i, 'name': n} for i, n in CATEGORIES.items()]
    write_json(
        folder / f'instancesonly_filtered_gtFine_{split}.json',
        dict(images=images, annotations=rows, categories=categories),
        indent=None,
    )
