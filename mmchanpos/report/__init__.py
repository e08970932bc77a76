"""Tables, figures and one-file HTML."""

from .figures import Figure, bars, curves, panels
from .html import Page
from .lines import draw_lines
from .look import WIDTH, canvas, colours, look
from .provenance import provenance
from .section import Section
from .tables import Number, Table

__all__ = [
    'Figure',
    'Number',
    'Page',
    'Section',
    'Table',
    'WIDTH',
    'bars',
    'canvas',
    'colours',
    'curves',
    'draw_lines',
    'look',
    'panels',
    'provenance',
]
