"""GAPNet and PermuteNet made as small as they can be, on drawn objects."""

from typing import Any

from mmengine.config import Config

from mmchanpos.files import PathLike

from .toys import CONFIGS


def tiny_grid(
    work_dir: PathLike, net: str = 'gapnet', size: int = 8, **options: Any
) -> Config:
    """The small config of a net, made tiny.

    Args:
        work_dir (Path): Where it writes.
        net (str): ``gapnet`` or ``permutenet``.
        size (int): Height and width of the patches.
        **options: Further changes, a dotted key with ``__`` for each dot.

    Returns:
        Config: Ready for ``Runner.from_cfg`` or ``dump``.
    """
    name = f'{net}_resnet18-small_location-3x3_synthetic.py'
    cfg = Config.fromfile(CONFIGS / net / name)
    cfg.work_dir = str(work_dir)
    cfg.merge_from_dict(
        {
            'model.backbone.stem_channels': 4,
            'model.backbone.base_channels': 4,
            'model.head.in_channels': 16,
            'train_dataloader.batch_size': 8,
            'auto_scale_lr': None,
            'train_cfg.max_epochs': 1,
            'param_scheduler.T_max': 1,
            **{
                f'{split}_dataloader.dataset.{key}': value
                for split in ('train', 'val', 'test')
                for key, value in (('num', 40), ('size', size))
            },
            **{k.replace('__', '.'): v for k, v in options.items()},
        }
    )
    return cfg
