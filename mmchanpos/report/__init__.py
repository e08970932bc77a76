"""Tables, figures and one-file HTML."""

from .figures import Figure, bars, curves, panels
from .html import Page
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
    'curves',
    'panels',
    'provenance',
]
