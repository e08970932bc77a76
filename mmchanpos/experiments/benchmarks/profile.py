"""A shift profile of a segmentor costs at most 1.1 of its bare forwards."""

from pathlib import Path

from .ratio import Ratio, compare

CONFIG = 'configs/attack/fcn_plain_synthetic.py'
IMAGES = 30


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time the whole loop, from data set to files, against its forwards."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return _measure(repeats, folder, device)


def _measure(repeats: int, folder: str, device: str) -> Ratio:
    import torch

    from mmchanpos.datasets.synthetic import write_streets
    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.launch import build_runner

    data = Path(folder) / 'streets'
    write_streets(data, dict(train=1, val=IMAGES), 64, 128)
    cfg = load_config(CONFIG, {}, folder)
    cfg.log_level = 'WARNING'
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset.data_root = str(data)
    cfg.test_cfg = dict(
        type='mmchanpos.ShiftProfileLoop', tests='cell-8', fresh=True
    )
    runner = build_runner(cfg)
    loop = runner.test_loop
    runner.call_hook('before_run')
    model = runner.model.to(device).eval()
    batches = list(loop.dataloader)
    shifts = len(loop.tests['cell-8'].grid())

    @torch.no_grad()
    def bare() -> None:
        for _ in range(shifts):
            for batch in batches:
                model.test_step(batch)

    return compare(
        'profile of every shift of a cell',
        loop.run,
        f'bare forwards of {shifts} x {IMAGES} images',
        bare,
        repeats,
        at_most=1.1,
        notes=dict(device=device),
    )
