"""Section 4.2: zeroing position channels costs a classifier accuracy."""

from dataclasses import replace
from typing import Iterator

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Section
from mmchanpos.report.attack import attack_sections

from .attacks import attack, trainings_of

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
    draws = setting.pick(story=5, quick=10, full=10, builtin=2)
    words = ['--kinds', *KINDS, '--tops', *_tops(setting)]
    words += ['--random', draws, '--matched', draws]
    for train in Train.each(
        setting,
        'train',
        ROLE,
        config=setting.pick(quick=SMALL, full=FULL),
        options=setting.data_options(root),
        test=False,
        seconds=setting.pick(quick=40, full=4 * 86400),
    ):
        yield train
        seconds = setting.pick(quick=40, full=6 * 3600)
        name = f'attack-seed{train.seed}'
        yield attack(setting, name, train, words, root, seconds=seconds)


def read(context: Context) -> Section:
    """What each ranking costs, beside chance and beside strength."""
    parts = attack_sections(trainings_of(context, role=ROLE, story=1))
    title = 'Do classifiers rely on position channels?'
    return replace(parts['verdict'], title=title)


def _tops(setting: Setting) -> list[int]:
    # The same shares of 64 channels and of 2048.
    return setting.pick(quick=[3, 6, 12, 16], full=[100, 200, 400, 500])
