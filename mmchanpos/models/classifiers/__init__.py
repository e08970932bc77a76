"""Whole classifiers, and how their batches are prepared."""

from .aug_shift_classifier import AugShiftClassifier
from .grid_classifier import GridClassifier
from .shift_views_preprocessor import ShiftViewsPreprocessor

__all__ = ['AugShiftClassifier', 'GridClassifier', 'ShiftViewsPreprocessor']
