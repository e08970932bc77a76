"""Fig. S3: regions of an image against the number of left channels off."""

from typing import Iterator

from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Section

from .sides import read_side, side_steps


def steps(setting: Setting) -> Iterator[Step]:
    """What Fig. 6 does; its results are shared."""
    yield from side_steps(setting)


def read(context: Context) -> Section:
    """Curves of left channels, region by region."""
    return read_side(context, 'left')
