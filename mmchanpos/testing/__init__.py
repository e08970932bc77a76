"""The toy kit: small nets and data for tests, doctests and quick looks.

``toys`` has the three small nets of ``configs/attack``, which a training of a
minute or two makes worth attacking; ``segmentor`` an untrained one that is
swept in a second; ``grid`` the nets of Table 1 at their smallest;
``plain_miss_rate`` the miss rate written slowly.
"""

from .grid import tiny_grid
from .segmentor import write_tiny
from .toys import TOYS, make_toy_data, toy_config

__all__ = ['TOYS', 'make_toy_data', 'tiny_grid', 'toy_config', 'write_tiny']
