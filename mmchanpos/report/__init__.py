"""Tables, figures and one-file HTML."""

from .figures import Figure, bars, canvas, colour, curves, look, panels
from .html import Page
from .provenance import provenance
from .section import Section
from .tables import Number, Table, clean

__all__ = [
    'Figure',
    'Number',
    'Page',
    'Section',
    'Table',
    'bars',
    'canvas',
    'clean',
    'colour',
    'curves',
    'look',
    'panels',
    'provenance',
]
