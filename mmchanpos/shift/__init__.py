"""Shift images and measure how consistent predictions are: pure torch."""

from .agreement import (
    Agreement,
    agreement,
    curve,
    measure,
    stability_map,
)
from .antialias import antialias
from .aps import APS, Phase
from .blur_pool import BlurPool
from .latent_spread import LatentSpread, latent_scores
from .presets import PRESETS, get_preset, resolve
from .protocol import ShiftProtocol
from .record import ShiftRecord, first_seen, merge
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
    'ShiftRecord',
    'agreement',
    'antialias',
    'curve',
    'first_seen',
    'get_preset',
    'hashed',
    'latent_scores',
    'measure',
    'merge',
    'resolve',
    'shift_images',
    'stability_map',
]
