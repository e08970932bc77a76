"""Toy configs and data for tests, doctests and quick runs.

The configs run through ``tools/train.py`` like any other, in a minute or two
on two cores, once ``tools/misc/make_synthetic.py`` has written the scenes.

``python tools/train.py configs/attack/NAME.py`` reached, once and
with seed 0, on scenes as ``make_synthetic.py`` draws them by default:

* ``resnet-small_synthetic``: top-1 accuracy 95.5 (36 s of processor time),
* ``deeplabv3_r18-small_synthetic``: mIoU 54.97,
* ``faster-rcnn_r18-small-fpn_synthetic``: box mAP 0.389, AP50 0.592.

``tools/test.py`` and ``tools/dist_test.sh`` with two processes gave the same
numbers to the last digit.
"""

from .toys import TOYS, make_toy_data, toy_config

__all__ = ['TOYS', 'make_toy_data', 'toy_config']
