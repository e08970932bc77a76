"""A sweep of the paper's DeepLabv3 costs at most an eighth of evaluations."""

from .ratio import Ratio
from .sweep import sweep_ratio


def measure(repeats: int, device: str = 'cpu') -> Ratio:
    """Time a sweep against as many evaluations of the paper's network."""
    from mmchanpos.engine.config import load_config

    file = 'configs/attack/deeplabv3_r50-os16_cityscapes.py'
    model = load_config(file).model
    return sweep_ratio(model, repeats, 1 / 8, device)
