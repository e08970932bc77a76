"""Section 4.2: zeroing position channels costs a classifier accuracy."""

from typing import Any, Iterator, List

from mmchanpos.experiments import Context, Setting, Step, Tool, Train
from mmchanpos.report import Section
from mmchanpos.report.attack import Trainings, attack_sections

NEEDS = (
    'the validation images of ImageNet, and weights of a ResNet-50. The paper '
    'prints no number for this, so none stands beside ours.'
)
SMALL = 'configs/augshift/resnet18-small_baseline_synthetic.py'
FULL = 'mmpretrain::resnet/resnet50_8xb32_in1k.py'
ROLE = 'classifier'
KINDS = ('overall', 'scale_free', 'magnitude')


def steps(setting: Setting) -> Iterator[Step]:
    """Train classifiers, rank the channels of each, and sweep them."""
    root = None if setting.quick else setting.data_root
    config = setting.pick(quick=SMALL, full=FULL)
    draws = setting.pick(story=5, quick=10, full=10, builtin=2)
    for seed in setting.trainings(ROLE):
        train, own = f'train-seed{seed}', f'attack-seed{seed}'
        yield Train(
            train,
            config=config,
            options=setting.data_options(root),
            seed=seed,
            role=ROLE,
            test=False,
            seconds=setting.pick(quick=40, full=4 * 86400),
        )
        words: List[Any] = [config, f'{{{train}:checkpoint}}']
        words += ['--out', f'{{{own}}}', '--work-dir', f'{{{own}}}/log']
        words += ['--kinds', *KINDS, '--tops', *_tops(setting)]
        words += ['--random', draws, '--matched', draws]
        if root:
            words += ['--data-root', root]
        yield Tool(
            own,
            tool='attack.py',
            arguments=words,
            needs=[train],
            seconds=setting.pick(quick=40, full=6 * 3600),
        )


def read(context: Context) -> Section:
    """What each ranking costs, beside chance and beside strength."""
    folders = [
        context.folders[f'attack-seed{seed}'] / 'sweep/sweep.json'
        for seed in context.setting.trainings(ROLE)
    ]
    parts = attack_sections(Trainings(folders))
    verdict = parts['verdict']
    return Section(
        'Do classifiers rely on position channels?',
        verdict.sentences,
        figures=verdict.figures,
        tables=verdict.tables,
        details=verdict.details,
        remarks=verdict.remarks,
    )


def _tops(setting: Setting) -> List[int]:
    # The same shares of 64 channels and of 2048.
    return setting.pick(quick=[3, 6, 12, 16], full=[100, 200, 400, 500])
