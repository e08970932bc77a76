"""Shift images and measure how consistent predictions are: pure torch."""

from .agreement import (
    Agreement,
    LatentSpread,
    agreement,
    curve,
    interval,
    latent_scores,
    measure,
    stability_map,
)
from .antialias import antialias
from .aps import APS, Phase
from .blur_pool import BlurPool
from .presets import PRESETS, get_preset, resolve
from .protocol import ShiftProtocol
from .shifts import MODES, hashed, shift_images

__all__ = [
    'APS',
    'Agreement',
    'BlurPool',
    'LatentSpread',
    'MODES',
    'PRESETS',
    'Phase',
    'ShiftProtocol',
    'agreement',
    'antialias',
    'curve',
    'get_preset',
    'hashed',
    'interval',
    'latent_scores',
    'measure',
    'resolve',
    'shift_images',
    'stability_map',
]
