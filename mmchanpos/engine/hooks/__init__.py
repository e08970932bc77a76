"""Hooks that a config lists under ``custom_hooks``."""

from .channel_zeroing_hook import ChannelZeroingHook
from .checkpoint_guard_hook import CheckpointGuardHook
from .data_guard_hook import DataGuardHook
from .dry_run_hook import DryRunHook
from .grid_check_hook import GridCheckHook
from .same_draws_hook import SameDrawsHook

__all__ = [
    'ChannelZeroingHook',
    'CheckpointGuardHook',
    'DataGuardHook',
    'DryRunHook',
    'GridCheckHook',
    'SameDrawsHook',
]
