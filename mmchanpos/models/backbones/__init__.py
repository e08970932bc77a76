"""Backbones, and wrappers around a host's backbone."""
