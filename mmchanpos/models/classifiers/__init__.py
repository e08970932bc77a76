"""Whole classifiers."""
