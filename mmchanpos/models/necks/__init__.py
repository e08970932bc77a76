"""Necks between a backbone and its head."""
