"""Necks between a backbone and its head."""

from .csp_neck import CSPNeck
from .permute_channel import PermuteChannel

__all__ = ['CSPNeck', 'PermuteChannel']
