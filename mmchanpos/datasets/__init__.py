"""Data sets that mmchanpos adds to its hosts, built-in data included."""

from .array_dataset import ArrayDataset

__all__ = ['ArrayDataset']
