"""Fig. 6, S3, S4: left channels matter on the left, right on the right."""

from typing import Iterator

from mmchanpos.report import Number, Section, Table
from mmchanpos.report.attack import attack_sections

from .attacks import attack_steps, mean_score, people_side, sweep_of
from .setting import Setting
from .steps import Context, Step

KINDS = ('left', 'right', 'contrast', 'contrast_right')
REGIONS = ('left', 'center', 'right')


def steps(setting: Setting) -> Iterator[Step]:
    """Train, rank by side, and measure each half of the images."""
    words = [*people_side(setting), '--kinds', *KINDS]
    draws = setting.pick(quick=5, full=10)
    words += ['--random', draws, '--matched', 0]
    yield from attack_steps(setting, _tops(setting), words)


def read(context: Context) -> Section:
    """By how much each half falls, for channels of either side."""
    sweep = sweep_of(context)
    found = attack_sections(sweep)
    table = Table(
        'Fig. 6: points of mIoU lost by region',
        ['switched off', 'N', *REGIONS],
        note='With ten channels off the paper loses 0.6 on the left for left '
        'channels and 0.08 for right ones.',
    )
    for kind in (*KINDS, 'random'):
        for top in _tops(context.setting):
            cells = [
                Number(
                    sweep.score(sweep.reference, region)
                    - mean_score(sweep, kind, (0, top), region),
                    digits=2,
                )
                for region in REGIONS
            ]
            table.add(kind, top, *cells)
    return Section(
        'Do left channels matter on the left?',
        [sentence for part in found[:2] for sentence in part.sentences],
        figures=[figure for part in found for figure in part.figures],
        tables=[table, *(t for part in found[:2] for t in part.tables)],
        details=[t for part in found for t in part.details],
    )


def _tops(setting: Setting):
    return setting.pick(quick=(3, 6, 10, 16), full=(10, 20, 50, 100, 200))
