"""Testing every shift runs at 0.9 or more of the speed of bare forwards."""

from .augshift import CONFIG, NARROW
from .ratio import Ratio, compare

IMAGES = 100


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time the whole loop, from data set to files, against its forwards."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return _measure(repeats, folder, device)


def _measure(repeats: int, folder: str, device: str) -> Ratio:
    import torch

    from mmchanpos.engine.config import load_config
    from mmchanpos.engine.launch import build_runner

    cfg = load_config(CONFIG.format(''), NARROW, folder)
    cfg.log_level = 'WARNING'
    cfg.test_dataloader.update(num_workers=0, persistent_workers=False)
    cfg.test_dataloader.dataset = dict(
        type='mmchanpos.SyntheticObjects',
        num=IMAGES,
        split='test',
        pipeline=[dict(type='PackInputs')],
    )
    # Else the second run returns what the first one wrote.
    cfg.test_cfg.fresh = True
    cfg.test_cfg.tests = dict(mode='zero', max_shift=2, exhaustive=True)
    runner = build_runner(cfg)
    loop = runner.test_loop
    runner.call_hook('before_run')
    model = runner.model.to(device).eval()
    (batch,) = [
        model.data_preprocessor(b, False)['inputs'] for b in loop.dataloader
    ]
    shifts = len(next(iter(loop.tests.values())).grid())

    @torch.no_grad()
    def bare() -> None:
        for _ in range(shifts):
            model(batch, mode='tensor').argmax(1).cpu()

    return compare(
        f'bare forwards of {shifts} x {IMAGES} images',
        bare,
        'exhaustive test of as many',
        loop.run,
        repeats,
        at_least=0.9,
        notes=dict(device=device, **NARROW),
    )
