"""All that is known of host packages: their names, and how their models look.

Nothing below this room knows them; it gets from here, as an argument, which
output a head reads and how an image is called in a list.
"""

from .habits import TTA_MODELS, draw_into, flip_pipeline, load_as_usual
from .images import (
    image_stem,
    pictures_of,
    reads_bgr,
    size_of_tests,
    stride_of,
)
from .packages import HOSTS, PACKAGES, Package, versions
from .predictions import as_whole, is_whole, map_classes, predicted, predicts
from .taps import tap_of, usual_tap

__all__ = [
    'HOSTS',
    'PACKAGES',
    'Package',
    'TTA_MODELS',
    'draw_into',
    'flip_pipeline',
    'load_as_usual',
    'as_whole',
    'image_stem',
    'is_whole',
    'map_classes',
    'predicted',
    'predicts',
    'pictures_of',
    'reads_bgr',
    'stride_of',
    'tap_of',
    'size_of_tests',
    'usual_tap',
    'versions',
]
