"""Fig. S3: what switching right channels off costs each region."""

from typing import Iterator

from mmchanpos.experiments import Context, Setting, Step
from mmchanpos.report import Section

from .attacks import NEEDS
from .sides import read_side, side_steps

__all__ = ['NEEDS', 'read', 'steps']


def steps(setting: Setting) -> Iterator[Step]:
    """What Fig. 6 does; its results are shared."""
    yield from side_steps(setting)


def read(context: Context) -> Section:
    """Curves of right channels, region by region."""
    return read_side(context, 'right')
