"""Loops that a config names in ``val_cfg`` or ``test_cfg``."""

from .ranking_loop import RankingLoop
from .redraw_loop import RedrawLoop
from .shift_consistency_loop import ShiftConsistencyLoop
from .shift_profile_loop import ShiftProfileLoop
from .sweep_loop import SweepLoop

__all__ = [
    'RankingLoop',
    'RedrawLoop',
    'ShiftConsistencyLoop',
    'ShiftProfileLoop',
    'SweepLoop',
]
