"""From channel differences to rankings: one file per family of scores.

Importing this package fills the table of kinds; see :mod:`..kinds`.
"""

from . import borders, flips, location, magnitude, maps, sides
from .score import Regions, Score, rank, rankable

__all__ = [
    'Regions',
    'Score',
    'borders',
    'flips',
    'location',
    'magnitude',
    'maps',
    'rank',
    'rankable',
    'sides',
]
