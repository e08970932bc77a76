"""Necks between a backbone and its head."""

from .permute_channel import PermuteChannel

__all__ = ['PermuteChannel']
