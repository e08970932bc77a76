"""Redo the papers: declarations, what runs them, and benchmarks.

``papers/`` declares tables and figures, one file each, and says how; ``run/``
does their steps and remembers them; ``benchmarks/`` measures our claims about
speed. An :class:`Experiment` is what all of them are about.
"""

from .experiment import Experiment
from .papers import load, titles
from .run.commands import Tool, Train
from .run.reproduce import dry_run, reproduce
from .run.setting import Setting
from .run.steps import Call, Context, Step

__all__ = [
    'Call',
    'Context',
    'Experiment',
    'Setting',
    'Step',
    'Tool',
    'Train',
    'dry_run',
    'load',
    'reproduce',
    'titles',
]
