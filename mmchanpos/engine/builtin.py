"""Run a config without its data: on drawn images, or end with what is wanted.

``--builtin`` of every tool exchanges the data sets of a config for drawn
images of the same layout, classes and sizes, in the same pipelines. They are
few, nothing is downloaded, and a training ends after two epochs or two
iterations: enough to see that all of it runs. Images of which one takes a CPU
a minute are smaller: streets of 2048 x 1024 have a quarter of their sides,
photographs to be segmented half. Without the switch, data that is not there
ends in one message.
"""

import fcntl
from pathlib import Path
from typing import Any, Callable, NamedTuple, Optional

from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS, DefaultScope

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.datasets.synthetic.pictures import (
    write_camvid,
    write_folder,
    write_imagenet,
    write_voc,
)
from mmchanpos.errors import InputError

from .nested import kind_of, leaves, listed, move_paths, untrained

LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
FOLDER = Path('data/builtin')
#: Images of each split.
FEW = 2
#: Sides of the streets are those of Cityscapes over this number.
SHRINK = 4
#: By this seed one of the two streets for the test has people on the left
#: only and one on the right only, so that both sides can be ranked.
_SEED = 79
#: Sizes of the streets that we draw; those of Cityscapes are full size.
_STREETS = {
    'data/synthetic/streets': (64, 128),
    'data/traffic/streets': (64, 128),
    'data/people/streets': (256, 512),
}


class _Layout(NamedTuple):
    """A class of data sets: what its folder holds, and who draws it.

    Whoever draws images smaller says by which number sides are divided.
    """

    holds: str
    draw: Callable[[ConfigDict, Path, int], Optional[int]]


def use_builtin(
    cfg: Config, folder: Path = FOLDER, shrink: int = SHRINK
) -> None:
    """Let a config run on few drawn images, without a network.

    What a config reads from files is drawn once into ``folder``. Sides of
    streets are divided by ``shrink``, those of photographs to be segmented
    by half of it; 1 is full size.
    """
    moved: dict[str, str] = {}
    divisor = 1
    for loader in filter(None, map(cfg.get, LOADERS)):
        for dataset in leaves(loader.dataset):
            before = str(dataset.get('data_root') or '').rstrip('/')
            by = _layout(dataset).draw(dataset, Path(folder), shrink)
            divisor = max(divisor, by or 1)
            if 'data_root' in dataset:
                moved[before] = str(dataset.data_root)
        loader.batch_size = min(loader.get('batch_size') or 1, FEW)
        loader.update(num_workers=0, persistent_workers=False)
    for name in ('test_cfg', 'val_cfg', 'test_evaluator', 'val_evaluator'):
        move_paths(cfg.get(name), moved)
    model = cfg.get('model') or {}
    _smaller([model.get('data_preprocessor')], divisor)
    untrained(model)
    if cfg.get('load_from') and not Path(cfg.load_from).is_file():
        cfg.load_from = None
    _shorten(cfg)


def require_data(cfg: Config, loaders: tuple[str, ...] = LOADERS) -> None:
    """End with one message if a data set of these loaders is not there."""
    for name in loaders:
        loader = cfg.get(name)
        for dataset in leaves(loader and loader.dataset):
            place = _place(dataset)
            kind = kind_of(dataset)
            if place is None or kind not in LAYOUTS or place.exists():
                continue
            why = _fetch(dataset, cfg) if kind in _FETCHED else ''
            if why is None:
                continue
            raise InputError(
                'the data of this config is missing: '
                f'{dataset.get("data_root") or place} ({kind}) is to hold '
                f'{LAYOUTS[kind].holds}{why}. Put it there, or name its place '
                f'(--cfg-options {_key_of(dataset, loader, name)}.data_root='
                'FOLDER); or let drawn images stand in for it, to see that '
                'all runs: --builtin.'
            )


def _key_of(wanted: ConfigDict, part: Any, key: str) -> str:
    """How ``--cfg-options`` names a data set that others may join."""
    if part is wanted:
        return key
    inner = part.get('datasets')
    parts = {'dataset': part.get('dataset')}
    if inner:
        parts = {f'datasets.{i}': one for i, one in enumerate(inner)}
    found = (_key_of(wanted, v, f'{key}.{k}') for k, v in parts.items() if v)
    return next(filter(None, found), '')


def _layout(dataset: ConfigDict) -> _Layout:
    kind = kind_of(dataset)
    other = kind == 'CocoDataset' and 'leftImg8bit' not in str(dataset)
    if other or kind not in LAYOUTS:
        raise InputError(
            f'--builtin draws stand-ins of {", ".join(LAYOUTS)}; this config '
            f'reads {dataset.type}.'
        )
    return LAYOUTS[kind]


def _place(dataset: ConfigDict) -> Any:
    """What must be there: the root, or the part of it that is asked for."""
    root = Path(str(dataset.get('data_root') or ''))
    kind = kind_of(dataset)
    if kind == 'ArrayDataset':
        images = dataset.get('images')
        return root / images if isinstance(images, str) else None
    if kind in _FETCHED:
        return root / _FETCHED[kind]
    prefix = dataset.get('data_prefix') or {}
    if isinstance(prefix, dict):
        prefix = prefix.get('img_path', prefix.get('img', ''))
    return root / prefix if 'data_root' in dataset else None


def _fetch(dataset: ConfigDict, cfg: Config) -> Any:
    """Download what its class can download; say why if it could not."""
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope')):
        try:
            DATASETS.build(dict(dataset, pipeline=[]))
        except OSError as e:
            return f'; its download failed ({e})'
    return None


def _in_memory(dataset: ConfigDict, *_: Any) -> None:
    kind = str(dataset.type)
    kind = kind if '.' in kind else f'mmpretrain.{kind}'
    classes = getattr(DATASETS.get(kind), 'METAINFO', {})
    for key in dataset.keys() - {'pipeline', 'test_mode', 'split'}:
        del dataset[key]
    dataset.update(type='mmchanpos.SyntheticObjects', num=FEW)
    if classes.get('classes'):
        dataset.metainfo = dict(classes)


def _fewer(dataset: ConfigDict, *_: Any) -> None:
    if 'num' in dataset or kind_of(dataset) == 'SyntheticObjects':
        dataset.num = min(dataset.get('num', FEW), FEW)


def _folder(dataset: ConfigDict, folder: Path, *_: Any) -> None:
    split = 'train' if 'TR' in str(dataset.data_root) else 'test'
    _once(dataset, folder / f'images-{split}', write_folder, FEW, split)


def _files(name: str, write: Callable, *splits: str) -> Callable:
    """Draw all splits of a set into one folder of this name."""
    counts = dict.fromkeys(splits, FEW)
    return lambda dataset, folder, _: _once(
        dataset, folder / name, write, counts
    )


def _photographs(dataset: ConfigDict, folder: Path, shrink: int) -> int:
    by = max(shrink // 2, 1)
    _smaller(dataset.pipeline, by)
    _files('VOC2012', write_voc, 'train', 'val', 'aug')(dataset, folder, by)
    return by


def _streets(dataset: ConfigDict, folder: Path, shrink: int) -> int:
    before = str(dataset.get('data_root')).rstrip('/')
    by = 1 if before in _STREETS else shrink
    size = _STREETS.get(before, (1024 // by, 2048 // by))
    _smaller(dataset.get('pipeline'), by)
    root = folder / 'streets-{}x{}'.format(*size)
    counts = {'train': FEW, 'val': FEW}
    _once(dataset, root, write_streets, counts, *size, _SEED)
    dataset.pop('indices', None)
    return by


def _smaller(steps: Any, shrink: int) -> None:
    """Divide the sizes of images in a list of transforms."""
    for step in filter(None, steps or ()):
        for key in {'scale', 'scales', 'crop_size', 'size'} & step.keys():
            step[key] = _divided(step[key], shrink)


def _divided(size: Any, shrink: int) -> Any:
    if isinstance(size, (list, tuple)):
        return type(size)(_divided(side, shrink) for side in size)
    return max(size // shrink, 1) if isinstance(size, int) else size


def _once(
    dataset: ConfigDict, root: Path, write: Callable, *arguments: Any
) -> None:
    """Draw a folder, unless it is there; of several processes one does it."""
    dataset.data_root = str(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    with open(root.with_name(f'.{root.name}.lock'), 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.exists():
            return
        partial = root.with_name(f'.{root.name}')
        partial.mkdir(exist_ok=True)
        write(partial, *arguments)
        partial.rename(root)


_CITY = 'leftImg8bit/{train,val}/CITY/*.png and '
#: What we draw stand-ins of.
LAYOUTS: dict[str, _Layout] = {
    'CIFAR10': _Layout('the files of cifar-10-python.tar.gz', _in_memory),
    'CIFAR100': _Layout('the files of cifar-100-python.tar.gz', _in_memory),
    'ArrayDataset': _Layout('x_train, y_train, x_test, y_test', _in_memory),
    'ImageNet': _Layout(
        'a folder of images for each class in train/ and val/',
        _files('imagenet', write_imagenet, 'train', 'val'),
    ),
    'ImageFolder': _Layout('images (.jpg, .png)', _folder),
    'CityscapesDataset': _Layout(
        f'{_CITY}gtFine/{{train,val}}/CITY/*_gtFine_labelTrainIds.png',
        _streets,
    ),
    'CityPersonsDataset': _Layout(
        f'{_CITY}annotations/anno_{{train,val}}.mat', _streets
    ),
    'CocoDataset': _Layout('images and annotations (.json)', _streets),
    'PascalVOCDataset': _Layout(
        'JPEGImages, SegmentationClass and ImageSets/Segmentation',
        _photographs,
    ),
    'CamVidDataset': _Layout(
        'img_dir/ and ann_dir/, each with train/ and val/ (by '
        'tools/dataset_converters/camvid.py)',
        _files('camvid', write_camvid, 'train', 'val'),
    ),
    'SyntheticObjects': _Layout('', _fewer),
    'DrawnImages': _Layout('', _fewer),
}
#: Classes that download their files, and where these lie in the root.
_FETCHED = {'CIFAR10': 'cifar-10-batches-py', 'CIFAR100': 'cifar-100-python'}


def _shorten(cfg: Config) -> None:
    loop = cfg.get('train_cfg')
    # The data is no measure of a recipe.
    cfg.auto_scale_lr = None
    if not loop:
        return
    loop['max_iters' if 'max_iters' in loop else 'max_epochs'] = 2
    if 'val_interval' in loop:
        loop.val_interval = 2
    # Weights are the largest that it writes: at the end alone.
    hooks = cfg.get('default_hooks') or {}
    (hooks.get('checkpoint') or {}).update(interval=2)
    cfg.param_scheduler = [
        schedule
        for schedule in listed(cfg.get('param_scheduler'))
        if schedule.get('begin', 0) < 2
    ] or None
