"""Find the toy configs, and give them data and a folder to work in."""

from pathlib import Path
from typing import Any, Optional

from mmengine.config import Config

from mmchanpos.engine.nested import move_paths
from mmchanpos.errors import one_of
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
    one_of(TOYS, name, 'There is no toy config')
    cfg = _load(f'attack/{name}.py', work_dir or f'work_dirs/{name}', options)
    move_paths(cfg._cfg_dict, {_STREETS: str(streets)})
    return cfg


def tiny_grid(
    work_dir: PathLike, net: str = 'gapnet', size: int = 8, **options: Any
) -> Config:
    """The small config of GAPNet or PermuteNet, made tiny, on drawn objects.

    Args:
        work_dir (Path): Where it writes.
        net (str): ``gapnet`` or ``permutenet``.
        size (int): Height and width of the patches.
        **options: As of :func:`toy_config`.

    Returns:
        Config: Ready for ``Runner.from_cfg`` or ``dump``.
    """
    tiny: dict[str, Any] = {
        'model.backbone.stem_channels': 4,
        'model.backbone.base_channels': 4,
        'model.head.in_channels': 16,
        'train_dataloader.batch_size': 8,
        'auto_scale_lr': None,
        'train_cfg.max_epochs': 1,
        'param_scheduler.T_max': 1,
    }
    for split in ('train', 'val', 'test'):
        tiny[f'{split}_dataloader.dataset.num'] = 40
        tiny[f'{split}_dataloader.dataset.size'] = size
    path = f'{net}/{net}_resnet18-small_location-3x3_synthetic.py'
    return _load(path, work_dir, {**tiny, **options})


def _load(path: str, work_dir: PathLike, options: dict[str, Any]) -> Config:
    cfg = Config.fromfile(CONFIGS / path)
    cfg.work_dir = str(work_dir)
    cfg.merge_from_dict({k.replace('__', '.'): v for k, v in options.items()})
    return cfg
