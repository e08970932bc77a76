"""Data sets that mmchanpos adds to its hosts, built-in data included."""

from .array_dataset import ArrayDataset
from .drawn_images import DrawnImages
from .every_cell import EveryCell
from .image_folder import ImageFolder
from .region_subset import RegionSubset
from .synthetic_objects import SyntheticObjects

__all__ = [
    'ArrayDataset',
    'EveryCell',
    'DrawnImages',
    'ImageFolder',
    'RegionSubset',
    'SyntheticObjects',
]
