"""What Fig. 6, S3 and S4 share: channels of a side, and what they hurt."""

from typing import Iterator, Sequence

from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.latent import kinds as known
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.attack import attack_sections, curve_figure

from .attacks import attack_steps, mean_score, sweep_of

KINDS = tuple(known.names(side='left') + known.names(side='right'))
REGIONS = ('left', 'center', 'right')


def side_steps(setting: Setting) -> Iterator[Step]:
    """Train, rank by side, and measure each half of the images."""
    # In built-in streets it is the vehicles whose class hangs on the side.
    source = 'car+truck'
    if not setting.quick or setting.data_root:
        root = setting.data_root or 'data/cityscapes'
        source = f'{root}/annotations/anno_val.mat'
    draws = setting.pick(story=4, quick=10, full=10)
    words = ['--sides', source]
    words += ['--kinds', *side_kinds(setting)]
    words += ['--random', draws, '--matched', 0]
    yield from attack_steps(setting, side_tops(setting), words, 'sides')


def side_kinds(setting: Setting) -> Sequence[str]:
    """Rankings of a side that are swept."""
    contrast = ('contrast', 'contrast_right')
    return setting.pick(story=contrast, quick=KINDS, full=KINDS)


def side_tops(setting: Setting) -> Sequence[int]:
    """How many channels are switched off."""
    return setting.pick(
        story=(12, 32),
        quick=(6, 12, 20, 32),
        full=(10, 20, 50, 100, 200, 300, 400, 500),
    )


def read_side(context: Context, side: str) -> Section:
    """Each region against the number of channels of one side.

    Args:
        context (Context): From ``read``.
        side (str): ``'left'`` or ``'right'``.

    Returns:
        Section: Curves and a table.
    """
    sweep = sweep_of(context)
    kinds = [k for k in sweep.kinds if known.side_of(k) == side]
    table = Table(
        f'mIoU with {side} channels off',
        ['N', *(f'{known.title_of(k)}: {r}' for k in kinds for r in REGIONS)],
    )
    for top in (0, *side_tops(context.setting)):
        cells = [
            mean_score(sweep, kind, (0, top), region)
            if top
            else sweep.score(sweep.reference, region)
            for kind in kinds
            for region in REGIONS
        ]
        table.add(top, *(Number(cell, digits=2) for cell in cells))
    said = attack_sections(sweep.only(kinds))['sides']
    return Section(
        f'What do {side} channels break?',
        said.sentences,
        figures=[curve_figure(sweep, REGIONS, kinds)],
        tables=[table],
    )
