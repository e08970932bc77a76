"""Whole classifiers, and how their batches are prepared."""

from .aug_shift_classifier import AugShiftClassifier
from .shift_views_preprocessor import ShiftViewsPreprocessor

__all__ = ['AugShiftClassifier', 'ShiftViewsPreprocessor']
