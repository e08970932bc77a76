"""Shift images and measure how consistent predictions are: pure torch."""
