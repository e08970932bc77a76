"""The report of an attack: what switching channels off breaks, and where.

It asks both questions of every ranking: does removing its channels hurt more
than removing random ones, and more than removing random ones that are as
strongly active? ``sweep.py`` says what it reads.
"""

from .figures import curve_figure
from .judge import Judge
from .report import attack_sections, write_attack_report
from .sweep import Sweep

__all__ = [
    'Judge',
    'Sweep',
    'attack_sections',
    'curve_figure',
    'write_attack_report',
]
