"""Tables, figures and one-file HTML."""

from .figures import Figure, bars, curves, draw_lines, panels
from .html import Page
from .look import canvas, colour, look
from .provenance import provenance
from .section import Section
from .tables import Number, Table

__all__ = [
    'Figure',
    'Number',
    'Page',
    'Section',
    'Table',
    'bars',
    'canvas',
    'colour',
    'curves',
    'draw_lines',
    'look',
    'panels',
    'provenance',
]
