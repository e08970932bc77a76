"""Fig. 6: left channels matter on the left, right channels on the right."""

from typing import Iterator

from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.attack import attack_sections

from .attacks import mean_score, sweep_of
from .sides import REGIONS, side_kinds, side_steps, side_tops


def steps(setting: Setting) -> Iterator[Step]:
    """Train, rank by side, and measure each half of the images."""
    yield from side_steps(setting)


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
    for kind in (*side_kinds(context.setting), 'random'):
        for top in side_tops(context.setting):
            cells = [
                Number(
                    sweep.score(sweep.reference, region)
                    - mean_score(sweep, kind, (0, top), region),
                    digits=2,
                )
                for region in REGIONS
            ]
            table.add(kind, top, *cells)
    # Of what an attack can say, here the halves come first.
    sides, verdict = found.pop('sides'), found.pop('verdict')
    return Section(
        'Do left channels matter on the left?',
        [*sides.sentences, *verdict.sentences],
        figures=[
            f
            for part in (sides, verdict, *found.values())
            for f in part.figures
        ],
        tables=[table, *sides.tables, *verdict.tables],
        details=verdict.details,
        remarks=verdict.remarks,
    )
