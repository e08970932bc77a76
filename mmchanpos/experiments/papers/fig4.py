"""Fig. 4: zeroing position channels breaks a segmentor more than chance."""

from typing import Iterator, Mapping

from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.attack import attack_sections

from .attacks import attack_steps, mean_score, sweep_of

#: mIoU that the paper prints, by what is off and N.
PAPER: Mapping[str, Mapping[int, float]] = {
    'overall': {0: 74.0, 100: 71.9, 500: 64.7},
    'random': {0: 74.0, 100: 73.4, 500: 70.5},
}
FULL_TOPS = (50, 100, 200, 300, 400, 500)
QUICK_TOPS = (6, 12, 20, 32)
STORY_TOPS = (6, 32)
#: N of 128 channels to the same share of the paper's 2048.
SAME_SHARE = {0: 0, 6: 100, 32: 500}
#: Eq. 2, two scores that take the magnitude out, and the magnitude itself.
KINDS = ('overall', 'scale_free', 'location', 'magnitude')


def steps(setting: Setting) -> Iterator[Step]:
    """Train, rank, and sweep top N and windows of ranks."""
    words = ['--kinds', *_kinds(setting), '--grid', 3]
    draws = setting.pick(story=5, quick=10, full=10)
    words += ['--random', draws, '--matched', draws]
    if not setting.story:
        width = setting.pick(quick=12, full=100)
        windows = [f'{i * width}-{(i + 1) * width}' for i in range(5)]
        words += ['--windows', *windows]
    yield from attack_steps(setting, _tops(setting), words)


def read(context: Context) -> Section:
    """The verdict on the rankings, and the paper's numbers beside ours."""
    sweep = sweep_of(context)
    found = attack_sections(sweep)
    first, *others = _kinds(context.setting)
    kinds = (first, 'random', 'matched', *others)
    table = Table(
        'Fig. 4: mIoU with the top N channels off',
        ['N', *kinds],
        note='Random and matched channels: mean over draws. The paper has '
        'one draw of random channels and none of matched magnitude.'
        + ' Its numbers stand at the same share of its 2048 channels.'
        * context.setting.quick,
    )
    for top in (0, *_tops(context.setting)):
        cells = []
        for kind in kinds:
            score = (
                mean_score(sweep, kind, (0, top), 'overall')
                if top
                else sweep.score(sweep.reference, 'overall')
            )
            share = SAME_SHARE.get(top) if context.setting.quick else top
            paper = PAPER.get(kind, {}).get(share)
            cells.append(Number(score, paper=paper, digits=2))
        table.add(top, *cells)
    return Section(
        'Do segmentors rely on position channels?',
        found['verdict'].sentences,
        figures=[figure for part in found.values() for figure in part.figures],
        tables=[table, *(t for part in found.values() for t in part.tables)],
        remarks=found['verdict'].remarks,
        details=[t for part in found.values() for t in part.details],
    )


def _tops(setting: Setting):
    return setting.pick(story=STORY_TOPS, quick=QUICK_TOPS, full=FULL_TOPS)


def _kinds(setting: Setting):
    return setting.pick(story=KINDS[:1], quick=KINDS, full=KINDS)
