"""Backbones, and wrappers around a host's backbone."""

from .antialiased_backbone import antialiased_backbone
from .padded_backbone import padded_backbone
from .plain_net import PlainNet

__all__ = ['PlainNet', 'antialiased_backbone', 'padded_backbone']
