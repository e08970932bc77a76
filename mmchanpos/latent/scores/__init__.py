"""From channel differences to rankings: one file per family of scores.

Every file of this folder is imported here, and so enters its kinds into the
table of :mod:`mmchanpos.latent.kinds`: a new score is a new file.
"""

from importlib import import_module
from pkgutil import iter_modules

from .score import Regions, Score, rank, rankable

__all__ = ['Regions', 'Score', 'rank', 'rankable']

for _module in iter_modules(__path__):
    import_module(f'{__name__}.{_module.name}')
