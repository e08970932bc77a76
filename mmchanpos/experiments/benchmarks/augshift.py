"""A step of AugShift costs at most 1.05 plain steps on twice the batch."""

from .ratio import Ratio, compare

CONFIG = 'configs/augshift/resnet18{}_cifar10.py'
BATCH = 64
STEPS = 4
#: A quarter of the width, so that it takes seconds on a CPU.
NARROW = {
    'model.backbone.stem_channels': 16,
    'model.backbone.base_channels': 16,
    'model.head.in_channels': 128,
}


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time training steps, from raw images to updated weights."""
    from mmengine.registry import init_default_scope

    init_default_scope('mmpretrain')
    return compare(
        f'AugShift, two views of {BATCH} images',
        _steps('', BATCH, device),
        f'plain, {2 * BATCH} images',
        _steps('_baseline', 2 * BATCH, device),
        repeats,
        warm_up=2,
        at_most=1.05,
        notes=dict(steps=STEPS, device=device, **NARROW),
    )


def _steps(part: str, batch: int, device: str):
    import torch
    from mmengine.optim import OptimWrapper
    from mmpretrain.structures import DataSample

    from mmchanpos.engine.config import load_config
    from mmchanpos.registry import MODELS

    cfg = load_config((CONFIG.format(part)), NARROW)
    cfg.model.data_preprocessor = cfg.data_preprocessor
    torch.manual_seed(0)
    model = MODELS.build(cfg.model).to(device)
    model.train()
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), 0.01))
    images = torch.randint(256, (batch, 3, 32, 32), dtype=torch.uint8)

    def run() -> None:
        for _ in range(STEPS):
            samples = [
                DataSample(metainfo=dict(sample_idx=i)).set_gt_label(i % 10)
                for i in range(batch)
            ]
            data = dict(inputs=images.clone(), data_samples=samples)
            model.train_step(data, wrapper)

    return run
