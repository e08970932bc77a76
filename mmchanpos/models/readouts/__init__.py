"""Read-outs that are trained on frozen latents."""

from .frozen_encoder import FrozenEncoder
from .posenet import PosENet

__all__ = ['FrozenEncoder', 'PosENet']
