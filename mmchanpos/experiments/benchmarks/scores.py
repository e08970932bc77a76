"""Recording for all scores costs at most 1.15 of the pass for Eq. 2 alone."""

from .ratio import Ratio, compare

SIZE = (512, 1024)


def measure(repeats: int) -> Ratio:
    """Time a pass over one image and its mirror image, with and without."""
    import torch
    from mmengine.registry import init_default_scope

    from mmchanpos.engine.config import load_config
    from mmchanpos.latent import DeltaCollector
    from mmchanpos.registry import MODELS

    name = 'deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'
    cfg = load_config(f'mmseg::{name}').model.backbone
    cfg.norm_cfg = dict(type='BN')
    init_default_scope('mmseg')
    backbone = MODELS.build(cfg)
    backbone.eval()  # which for a ResNet of the host returns nothing
    image = torch.randn(1, 3, *SIZE)

    def record(**what):
        collector = DeltaCollector(backbone, ['layer4'], **what)
        collector.add(lambda c: backbone(c(image) if c else image), [0])

    return compare(
        'all scores, and covariances for erasers',
        lambda: record(covariances=('x', 'y')),
        'Eq. 2 alone',
        lambda: record(maps=False),
        repeats=repeats,
        at_most=1.15,
        notes=dict(size=SIZE, channels=2048),
    )
