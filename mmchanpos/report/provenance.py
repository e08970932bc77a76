"""Where numbers come from: versions, machine, and whatever else is told."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from mmchanpos.version import __version__

from .tables import Table

#: Import name to the distributions that provide it, forks included.
PACKAGES = {
    'mmengine': ('mmengine', 'onedl-mmengine'),
    'mmcv': ('mmcv', 'onedl-mmcv', 'mmcv-lite'),
    'mmpretrain': ('mmpretrain', 'onedl-mmpretrain'),
    'mmsegmentation': ('mmsegmentation', 'onedl-mmsegmentation'),
    'mmdet': ('mmdet', 'onedl-mmdetection'),
    'torch': ('torch',),
    'numpy': ('numpy',),
}


def provenance(**facts: Any) -> Table:
    """Table of versions and machine, after the facts that are given.

    Args:
        **facts: E.g. ``config``, ``checkpoint``, ``seeds``; an underscore
            is shown as a blank.

    Returns:
        Table: Two columns, what and value.
    """
    table = Table('Provenance', ['what', 'value'])
    for name, value in facts.items():
        table.add(name.replace('_', ' '), value)
    table.add('mmchanpos', __version__)
    table.add('python', platform.python_version())
    for name, distributions in PACKAGES.items():
        table.add(name, _version(distributions))
    table.add('machine', _machine())
    return table


def _version(distributions: tuple) -> str:
    for name in distributions:
        try:
            return version(name) + ('' if '-' not in name else f' ({name})')
        except PackageNotFoundError:
            continue
    return 'not installed'


def _machine() -> str:
    import torch

    if torch.cuda.is_available():
        count = torch.cuda.device_count()
        return f'{count} x {torch.cuda.get_device_name(0)}'
    return f'{os.cpu_count()} {platform.machine()} cores, no GPU'
