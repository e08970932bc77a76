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
    cfg = Config.fromfile(CONFIGS / 'attack' / f'{name}.py')
    move_paths(cfg._cfg_dict, {_STREETS: str(streets)})
    cfg.work_dir = str(work_dir or Path('work_dirs') / name)
    cfg.merge_from_dict({k.replace('__', '.'): v for k, v in options.items()})
    return cfg
