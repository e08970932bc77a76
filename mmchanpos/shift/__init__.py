"""Shift images and measure how consistent predictions are: pure torch."""

from .agreement import Agreement, agreement, curve, measure, stability_map
from .antialias import antialias
from .aps import APS, Phase
from .blur_pool import BlurPool
from .box_profile import Boxes, BoxProfile
from .latent_spread import LatentSpread, latent_scores
from .map_profile import MapProfile
from .presets import PRESETS, get_preset, resolve
from .profile import ShiftProfile
from .protocol import ShiftProtocol
from .record import ShiftRecord, first_seen, merge
from .shifts import MODES, hashed, shift_images

__all__ = [
    'APS',
    'Agreement',
    'BlurPool',
    'BoxProfile',
    'Boxes',
    'LatentSpread',
    'MODES',
    'MapProfile',
    'PRESETS',
    'Phase',
    'ShiftProfile',
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
