"""Which channels of a network's latent say where things are.

The face of the package imports neither a host (mmseg, mmdet, mmpretrain) nor
mmengine, so that :mod:`mmchanpos.latent` and :mod:`mmchanpos.shift` work in a
plain torch environment. Registered classes are found through
:mod:`mmchanpos.registry` when a config names ``mmchanpos.X``.
"""

from .version import __version__

__all__ = ['__version__']
