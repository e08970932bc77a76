"""Losses."""

from .aug_shift_loss import AugShiftLoss, pooled

__all__ = ['AugShiftLoss', 'pooled']
