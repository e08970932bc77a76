"""What Fig. 6, S3 and S4 share: channels of a side, and what they hurt."""

from itertools import product
from math import nan
from typing import Iterator, Sequence

from mmchanpos.experiments import Context, Setting, Step
from mmchanpos.latent.kinds import side_of, title_of
from mmchanpos.report import Number, Section, Table, curves

from .attacks import net_of, street_steps, trainings_of

#: Rankings of Fig. 6; the overall one is the middle of its claim.
KINDS = ('left', 'right', 'contrast', 'contrast_right', 'overall')
REGIONS = ('left', 'center', 'right')


def side_steps(setting: Setting) -> Iterator[Step]:
    """Train, rank by side, and measure each part of the images."""
    # In built-in streets it is the vehicles whose class hangs on the side.
    source = 'car+truck'
    if setting.builtin:
        source = 'person'
    elif not setting.quick or setting.data_root:
        root = setting.data_root or 'data/cityscapes'
        source = f'{root}/annotations/anno_val.mat'
    words = ['--tops', *side_tops(setting), '--sides', source]
    words += ['--kinds', *side_kinds(setting)]
    draws = setting.pick(story=4, quick=10, full=10, builtin=2)
    words += ['--random', draws, '--matched', 0]
    yield from street_steps(setting, ('attack', words), shared='sides')


def side_kinds(setting: Setting) -> list[str]:
    """Rankings that are swept."""
    return list(setting.pick(story=KINDS[2:], quick=KINDS, full=KINDS))


def side_tops(setting: Setting) -> Sequence[int]:
    """How many channels are switched off."""
    tops = net_of(setting).tops
    return setting.pick(
        story=tops[1::2],
        quick=tops,
        full=(10, 20, 50, 100, 200, 300, 400, 500),
        builtin=(10, 500),
    )


def read_side(context: Context, side: str) -> Section:
    """Relative drop of every region against the number of channels off."""
    trainings = trainings_of(context)
    kinds = [k for k in trainings.sweep.kinds if side_of(k) == side]
    tops = (0, *side_tops(context.setting))
    found = {
        (kind, region): [
            relative_drop(trainings, kind, top, region) for top in tops
        ]
        for kind, region in product(kinds, REGIONS)
    }
    drops = {f'{title_of(k)}: {r}': cells for (k, r), cells in found.items()}
    table = Table(
        f'Relative drop of mIoU with {side} channels off (%)',
        ['N', *drops],
        note='Of the mIoU that the region has with nothing off. Mean and '
        'standard deviation over trainings.',
    )
    for top, *cells in zip(tops, *drops.values()):
        table.add(top, *cells)
    figures = [
        curves(
            f'{kind}-drop',
            {
                region: (list(tops), [n.value for n in found[kind, region]])
                for region in REGIONS
            },
            'channels switched off',
            'relative drop of mIoU (%)',
            title_of(kind),
            'Means over trainings.',
        )
        for kind in kinds
    ]
    said = '; '.join(f'{key} {cells[-1]}' for key, cells in drops.items())
    return Section(
        f'What do {side} channels break?',
        [
            f'Relative drop of mIoU in percent with the top {tops[-1]} off, '
            f'by region: {said}. If {side} channels say what is on the '
            f'{side}, that region loses most.'
        ],
        figures=figures,
        tables=[table],
    )


def relative_drop(trainings, kind: str, top: int, region: str) -> Number:
    """Points lost over points before, in percent, by training."""
    found = []
    for sweep in trainings.sweeps:
        (row,) = sweep.find(kind, 0, top) if top else [sweep.reference]
        before = sweep.score(sweep.reference, region)
        # Nothing is left to lose of a region that the net gets all wrong.
        found.append(100 * sweep.harm(row, region) / (before or nan))
    return Number.over(found, digits=2)
