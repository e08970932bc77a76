"""Toy configs and data for tests, doctests and quick runs."""
