"""Deltas whose rows a test writes down itself."""

import numpy as np

from mmchanpos.latent import Deltas, Tap


def deltas(**vectors):
    """Rows written by hand, one per image."""
    rows = {name: np.array(v, dtype=float) for name, v in vectors.items()}
    n, channels = rows['plain'].shape
    names = [f'image_{i}' for i in range(n)]
    return Deltas(Tap('x'), (channels,), rows, np.arange(n), names)
