"""Read-outs that are trained on frozen latents."""

from .posenet import PosENet
from .posenet_encoder import FrozenEncoder

__all__ = ['FrozenEncoder', 'PosENet']
