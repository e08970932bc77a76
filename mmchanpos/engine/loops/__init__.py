"""Loops that a config names in ``val_cfg`` or ``test_cfg``."""

from .shift_consistency_loop import ShiftConsistencyLoop

__all__ = ['ShiftConsistencyLoop']
