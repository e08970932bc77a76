"""A ranking with five taps costs at most 1.05 of the bare forward passes."""

from .ratio import Ratio, compare

SIZE = (512, 1024)
TAPS = ('maxpool', 'layer1', 'layer2', 'layer3', 'layer4')


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time a pass over one image, and the same image mirrored."""
    import torch

    from mmchanpos.latent import DeltaCollector

    backbone, image = encoder_and_image(device)
    collector = DeltaCollector(backbone, TAPS)

    def rank() -> None:
        collector.add(lambda c: backbone(c(image) if c else image), [0])

    @torch.no_grad()
    def bare() -> None:
        backbone(image)
        backbone(image.flip(-1))

    return compare(
        'two passes with five taps',
        rank,
        'two bare passes',
        bare,
        repeats=repeats,
        at_most=1.05,
        bare=lambda: backbone(image),
        notes=dict(size=SIZE, taps=TAPS),
    )


def encoder_and_image(device: str) -> tuple:
    """The encoder of the stock DeepLabv3, and what it is to see."""
    import torch
    from mmengine.registry import init_default_scope

    from mmchanpos.engine.config import load_config
    from mmchanpos.registry import MODELS

    name = 'deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'
    cfg = load_config(f'mmseg::{name}').model.backbone
    cfg.norm_cfg = dict(type='BN')
    init_default_scope('mmseg')
    backbone = MODELS.build(cfg)
    backbone.eval()  # which for a ResNet of the host returns nothing
    return backbone.to(device), torch.randn(1, 3, *SIZE).to(device)
