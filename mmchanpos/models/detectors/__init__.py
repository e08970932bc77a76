"""Pedestrian detectors for mmdet."""
