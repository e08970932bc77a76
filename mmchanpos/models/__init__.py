"""Registered parts of models; each sub-package imports one host at most."""
