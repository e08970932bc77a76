"""Hooks that a config lists under ``custom_hooks``."""
