"""Weights of other codebases, by the names that our models have."""
