"""From channel differences to rankings: one file per family of scores.

Importing this package fills the table of kinds; see :mod:`..kinds`.
"""

from . import flips, location, magnitude, sides
from .score import Regions, Score, rank, rankable

__all__ = [
    'Regions',
    'Score',
    'flips',
    'location',
    'magnitude',
    'rank',
    'rankable',
    'sides',
]
