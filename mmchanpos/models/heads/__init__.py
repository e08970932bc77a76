"""Heads: each needs its own host, so none is imported here."""
