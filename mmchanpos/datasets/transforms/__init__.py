"""Steps of a data pipeline."""

from .place_on_grid import PlaceOnGrid
from .random_flip import RandomFlip
from .shift_views import ShiftViews

__all__ = ['PlaceOnGrid', 'RandomFlip', 'ShiftViews']
