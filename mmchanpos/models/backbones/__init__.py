"""Backbones, and wrappers around a host's backbone."""

from .antialiased_backbone import antialiased_backbone

__all__ = ['antialiased_backbone']
