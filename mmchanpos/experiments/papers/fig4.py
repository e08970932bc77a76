"""Fig. 4 and 5: zeroing position channels breaks a segmentor beyond chance."""

from dataclasses import replace
from typing import Iterator, Mapping, Sequence

from mmchanpos.experiments import Context, Setting, Step
from mmchanpos.report import Section, Table
from mmchanpos.report.attack import attack_sections
from mmchanpos.report.attack.windows import window_figure

from .attacks import NEEDS, mean_score, net_of, street_steps, trainings_of

__all__ = ['NEEDS', 'PAPER', 'read', 'steps']

#: mIoU that the paper prints, by what is off and N.
PAPER: Mapping[str, Mapping[int, float]] = {
    'overall': {0: 74.0, 100: 71.9, 500: 64.7},
    'random': {0: 74.0, 100: 73.4, 500: 70.5},
}
#: Eq. 2, the paper's two controls of it, two scores that take the magnitude
#: out, and the magnitude itself.
KINDS = (
    'overall',
    'kernel_flip',
    'kernel_flip_pair',
    'scale_free',
    'location',
    'magnitude',
)


def steps(setting: Setting) -> Iterator[Step]:
    """Train, rank, and sweep top N and every window of ranks."""
    draws = setting.pick(story=5, quick=10, full=10, builtin=2)
    words = ['--kinds', *_kinds(setting), '--tops', *_tops(setting)]
    words += ['--random', draws, '--matched', draws]
    if not setting.story:
        words += ['--kernel-flip', '--grid', 3]
    attacks = [('attack', words)]
    if not setting.story:
        words = ['--kinds', 'overall', '--tops', net_of(setting).width]
        words += ['--random', draws, '--matched', 0, '--windows']
        words += [f'{i}-{j}' for i, j in windows(setting)]
        attacks.append(('windows', words))
    yield from street_steps(setting, *attacks)


def read(context: Context) -> Section:
    """The verdict on the rankings, and the paper's numbers beside ours."""
    trainings = trainings_of(context)
    parts = attack_sections(trainings)
    verdict = parts['verdict']
    figures, details = list(verdict.figures), list(verdict.details)
    sentences = list(verdict.sentences)
    if not context.setting.story:
        ranks = trainings_of(context, 'windows-seed{}')
        part = attack_sections(ranks)['windows']
        sentences += part.sentences
        details += part.tables
        for region in ranks.sweep.regions:
            figure = window_figure(ranks, region)
            figure.name = f'windows-{region}'
            figures.append(figure)
    for name in ('examples', 'agreement'):
        if name in parts:
            figures += parts[name].figures
            details += [*parts[name].tables, *parts[name].details]
    return replace(
        verdict,
        title='Do segmentors rely on position channels?',
        sentences=sentences,
        figures=figures,
        tables=[_table(context, trainings), *verdict.tables],
        details=details,
    )


def windows(setting: Setting) -> Sequence[Sequence[int]]:
    """Every rank of the latent, a window at a time (bottom row)."""
    net = net_of(setting)
    starts = range(0, net.channels, net.width)
    return [(i, min(i + net.width, net.channels)) for i in starts]


def _table(context: Context, trainings) -> Table:
    first, *others = _kinds(context.setting)
    kinds = (first, 'random', 'matched', *others)
    share = net_of(context.setting).share
    table = Table(
        'Fig. 4: mIoU with the top N channels off',
        ['N', *kinds],
        note='Mean and standard deviation over trainings; random and matched '
        'channels: means over draws. The paper has one draw of random '
        'channels and none of matched magnitude.'
        + ' Its numbers stand at the same share of its 2048 channels.'
        * context.setting.quick,
    )
    for top in (0, *_tops(context.setting)):
        cells = [
            mean_score(
                trainings,
                kind,
                top,
                'overall',
                paper=PAPER.get(kind, {}).get(share.get(top, -1)),
            )
            for kind in kinds
        ]
        table.add(top, *cells)
    return table


def _tops(setting: Setting) -> Sequence[int]:
    tops = net_of(setting).tops
    ends = tops[0], tops[-1]
    return setting.pick(story=ends, quick=tops, full=tops, builtin=ends)


def _kinds(setting: Setting) -> list[str]:
    return list(setting.pick(story=KINDS[:1], quick=KINDS, full=KINDS))
