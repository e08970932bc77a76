"""Fig. 6: left channels matter on the left, right channels on the right."""

from mmchanpos.experiments import Context
from mmchanpos.latent.kinds import title_of
from mmchanpos.report import Section, Table
from mmchanpos.report.attack import Trainings, attack_sections, curve_figure
from mmchanpos.statistics import Trend, lead

from .attacks import NEEDS, trainings_of
from .sides import REGIONS, side_kinds, side_tops
from .sides import side_steps as steps

__all__ = ['NEEDS', 'read', 'steps']


def read(context: Context) -> Section:
    """By how much each half falls, for channels of either side."""
    trainings = trainings_of(context)
    parts = attack_sections(trainings)
    sides, verdict = parts['sides'], parts['verdict']
    kinds = side_kinds(context.setting)
    table = Table(
        'Fig. 6: points of mIoU lost by region',
        ['switched off', 'N', *REGIONS],
        note='Mean and standard deviation over trainings. With ten channels '
        'off the paper loses 0.6 on the left for left channels and 0.08 for '
        'right ones.',
    )
    for kind in (*kinds, 'random'):
        for top in side_tops(context.setting):
            cells = [trainings.harm(kind, r, (0, top)) for r in REGIONS]
            table.add(title_of(kind), top, *cells)
    curves = curve_figure(trainings, ('left', 'right'), kinds)
    curves.name = 'fig6'
    return Section(
        'Do left channels matter on the left?',
        [*order(trainings, kinds), *sides.sentences],
        figures=[*sides.figures, curves],
        tables=[table, *sides.tables],
        details=[*verdict.tables, *verdict.details],
        remarks=[*verdict.sentences, *verdict.remarks],
    )


def order(trainings: Trainings, kinds: list[str]) -> list[str]:
    """The claim of Fig. 6 in each half: own side, then overall, then other."""
    told = []
    for left, right in (('left', 'right'), ('contrast', 'contrast_right')):
        if left not in kinds:
            continue
        for half, one, other in (
            ('left', left, right),
            ('right', right, left),
        ):
            ahead = [
                _ahead(trainings, more, less, half)
                for more, less in ((one, 'overall'), ('overall', other))
            ]
            told.append(
                f'The {half} half, mean over all N: points that '
                f'{title_of(one)} cost more than {title_of("overall")} '
                f'{ahead[0]}, and those more than {title_of(other)} '
                f'{ahead[1]}.'
            )
    return told


def _ahead(trainings: Trainings, more: str, less: str, region: str) -> Trend:
    spans = [(0, n) for n in trainings.sweep.tops(more)]
    return lead(*(trainings.harms(k, region, *spans) for k in (more, less)))
