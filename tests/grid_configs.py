"""A tiny GAPNet and PermuteNet on drawn objects, as complete configs."""

from mmengine.config import Config

from tests.conftest import ROOT


def tiny_grid(work_dir, net='gapnet', size=8, **options):
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
    cfg = Config.fromfile(ROOT / 'configs' / net / name)
    cfg.work_dir = str(work_dir)
    cfg.merge_from_dict(
        {
            'model.backbone.stem_channels': 4,
            'model.backbone.base_channels': 4,
            'model.head.in_channels': 16,
            'train_dataloader.batch_size': 8,
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
