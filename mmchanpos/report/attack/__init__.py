"""The report of an attack: what switching channels off breaks, and where.

It asks both questions of every ranking: does removing its channels hurt more
than removing random ones, and more than removing random ones that are as
strongly active? Each question has a file of its own, figure and all.
"""

from .curves import curve_figure
from .judge import Judge
from .report import attack_sections, write_attack_report
from .trainings import Trainings

__all__ = [
    'Judge',
    'Trainings',
    'attack_sections',
    'curve_figure',
    'write_attack_report',
]
