"""Loops that a config names in ``val_cfg`` or ``test_cfg``."""
