"""Data sets that mmchanpos adds to its hosts, built-in data included."""

from .array_dataset import ArrayDataset
from .synthetic_objects import SyntheticObjects

__all__ = ['ArrayDataset', 'SyntheticObjects']
