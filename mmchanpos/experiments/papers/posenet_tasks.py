"""PosENet, Table 6: how much encoders of other tasks know about position."""

from typing import Iterator

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Section

from .attacks import seeds_of, train_steps
from .posenet import (
    folders,
    quick_readouts,
    readout_seeds,
    train_encoders,
    weights,
)
from .posenet_scores import TITLES, Scores

NEEDS = (
    'DUT-S and PASCAL-S images, and weights of VGG16 trained for salient '
    'objects and for segmentation, which nobody publishes: give them as '
    'vgg16-sod and vgg16-ss.'
)
#: Weights may be given for some of the encoders.
PARTIAL = True
FULL = ('vgg16', 'vgg16-sod', 'vgg16-ss')
#: Net to the step whose weights it has, without the seed, and its config.
QUICK = {
    'resnet18': ('encoder', 'posenet_resnet18-small'),
    'segmentor': ('train', 'posenet_fcn-plain'),
    'segmentor-random': ('', 'posenet_fcn-plain'),
}


def steps(setting: Setting) -> Iterator[Step]:
    """Train encoders for both tasks if quick, and read them out."""
    if setting.quick:
        yield from train_steps(setting)
        yield from train_encoders(seeds_of(setting))
    else:
        yield from weights(_nets(setting))
    yield from (step for _, step in readouts(setting))


def read(context: Context) -> Section:
    """Table 6 with the paper's numbers, and who knows more."""
    runs = list(readouts(context.setting))
    scores = Scores([(n, s.seed, context.results[s.name]) for n, s in runs])
    table = scores.main_table('SPC', 'Table 6: {} by task of the encoder')
    told = []
    first, *others = scores.nets
    for other in others:
        ahead = scores.ahead(other, first, 'H')
        if ahead:
            told.append(f'{TITLES[other]} before {TITLES[first]}: {ahead}')
    said = [
        'Encoders of other tasks are read out as that of a classifier is. '
        'Segmentation needs to know where things are, so the paper finds '
        'more position in its encoder.'
    ]
    if told:
        said.append(f'SPC of H: {"; ".join(told)}.')
    return Section('Does the task of an encoder matter?', said, tables=[table])


def readouts(setting: Setting) -> Iterator[tuple[str, Train]]:
    """Every training of read-outs, with the net that it reads."""
    if setting.quick:
        for seed in seeds_of(setting):
            for net, (trained, config) in QUICK.items():
                yield net, quick_readouts(net, seed, config, 1, trained)
        return
    for net in _nets(setting):
        step = Train(
            net,
            config='configs/posenet/vgg16_duts.py',
            options={
                'model.encoder.checkpoint': f'{{{net}-weights:checkpoint}}',
                'model.readouts.seed': readout_seeds(setting),
                **folders(setting),
            },
            needs=[f'{net}-weights'],
            seconds=7200,
        )
        yield net, step


def _nets(setting: Setting) -> list[str]:
    """Encoders of a full run: all, or those whose weights are given."""
    return [net for net in FULL if setting.trainings(net)]
