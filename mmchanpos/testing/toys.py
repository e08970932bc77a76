"""Find the toy configs, and give them data and a folder to work in."""

from pathlib import Path
from typing import Any, Optional

from mmengine.config import Config

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.engine.nested import move_paths
from mmchanpos.errors import InputError, nearest
from mmchanpos.files import PathLike

#: Our configs, in a checkout and in a wheel.
CONFIGS = Path(__file__).parents[1] / '.mim/configs'
_STREETS = 'data/synthetic/streets'

#: Names of the toy configs.
TOYS = (
    'resnet-small_synthetic',
    'deeplabv3_r18-small_synthetic',
    'faster-rcnn_r18-small-fpn_synthetic',
)


def toy_config(
    name: str,
    streets: PathLike = _STREETS,
    work_dir: Optional[PathLike] = None,
    **options: Any,
) -> Config:
    """Load a toy config.

    Args:
        name (str): One of :data:`TOYS`.
        streets (PathLike): Where the scenes are, if the config uses scenes.
        work_dir (PathLike, optional): Where a training writes.
        **options: Further changes, a dotted key with ``__`` for each dot.

    Returns:
        Config: Ready for ``Runner.from_cfg``.

    Example:
        >>> cfg = toy_config('resnet-small_synthetic', train_cfg__max_epochs=1)
        >>> cfg.model.type, cfg.train_cfg.max_epochs
        ('ImageClassifier', 1)
    """
    if name not in TOYS:
        raise InputError(
            f'There is no toy config "{name}". {nearest(name, TOYS)}'
        )
    cfg = Config.fromfile(CONFIGS / 'attack' / f'{name}.py')
    move_paths(cfg._cfg_dict, {_STREETS: str(streets)})
    cfg.work_dir = str(work_dir or Path('work_dirs') / name)
    cfg.merge_from_dict({k.replace('__', '.'): v for k, v in options.items()})
    return cfg


def make_toy_data(
    folder: PathLike, num_train: int = 600, num_val: int = 150, **options: Any
) -> Path:
    """Write the scenes that the toy configs are made for, if not yet there.

    Args:
        folder (PathLike): Parent of the data root.
        num_train (int): Scenes to train on. Defaults to 600.
        num_val (int): Scenes to validate on. Defaults to 150.
        **options: Of :func:`mmchanpos.datasets.synthetic.write_streets`.

    Returns:
        Path: The data root, for ``toy_config(..., streets=...)``.
    """
    root = Path(folder) / 'streets'
    write_streets(root, {'train': num_train, 'val': num_val}, **options)
    return root
