"""Run the encoder once per image and the head once per ablation, exactly."""

from .memo import patched_method
from .replay import LatentReplay

__all__ = ['LatentReplay', 'patched_method']
