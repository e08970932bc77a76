"""Figure S1: how much location each layer of a frozen net gives away."""

from typing import Any, Iterator, Mapping, Sequence

from mmchanpos.experiments import Context, Setting, Step, Tool, Train
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.probe_section import probe_section
from mmchanpos.statistics import over_trainings

from .table1 import grid_options

NEEDS = (
    'CIFAR-10 (fetched), and ImageNet and PASCAL VOC 2012 to train both nets '
    'on, or their weights: --checkpoint classification=FILE segmentation=FILE.'
)
SMALL = 'configs/probe/encoder_resnet18-small_synthetic.py'
CLASSIFIER = 'mmpretrain::resnet/resnet18_8xb32_in1k.py'
SEGMENTOR = 'configs/probe/encoder_deeplabv3_r18-d8_voc12.py'


def steps(setting: Setting) -> Iterator[Step]:
    """Train or take the nets, probe them, and probe one literally."""
    for role, (config, seconds) in encoders(setting).items():
        for train in Train.each(
            setting, role, role, config=config, test=False, seconds=seconds
        ):
            yield train
            for grid in _grids(setting):
                yield _probe(setting, train, grid)
    yield _literal(setting)


def read(context: Context) -> Section:
    """Accuracy by layer for every net and grid, and cached against literal."""
    sections: list[Section] = []
    verdicts = []
    for role in encoders(context.setting):
        for grid in _grids(context.setting):
            runs = _runs(context, role, grid)
            section = probe_section(merged(runs))
            section.figures[0].name = f'{role}-{grid}x{grid}-by-layer'
            section.tables[0].title += f', {grid}x{grid}, net for {role}'
            sections.append(section)
            ahead = [_last(r, 'gapnet') - _last(r, 'permutenet') for r in runs]
            verdicts.append(f'{role}, {grid}x{grid}: {over_trainings(ahead)}')
    return Section(
        'How much location does each layer of a frozen net give away?',
        [
            *sections[0].sentences,
            'Points by which GAPNet is ahead of PermuteNet at the last '
            f'stage: {"; ".join(verdicts)}.',
        ],
        figures=[f for s in sections for f in s.figures],
        tables=[t for s in sections for t in s.tables] + [_check(context)],
    )


def merged(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One probe whose accuracies are those of several, by training."""
    rows = []
    for same in zip(*(run['rows'] for run in runs)):
        means = [sum(r['accuracy']) / len(r['accuracy']) for r in same]
        rows.append(dict(same[0], accuracy=means))
    return dict(runs[0], rows=rows)


def encoders(setting: Setting) -> dict[str, tuple[str, float]]:
    """The frozen nets by role: config, and seconds of a training."""
    if setting.quick:
        return {'classification': (SMALL, 60)}
    # ImageNet is large, VOC 2012 is not: its segmentor starts from the first.
    return {
        'classification': (CLASSIFIER, 4 * 86400),
        'segmentation': (SEGMENTOR, 86400),
    }


def _grids(setting: Setting) -> Sequence[int]:
    return setting.pick(quick=[3], full=[3, 5, 7])


def _data(setting: Setting) -> str:
    return setting.pick(
        quick='configs/probe/resnet18-small_location-3x3_synthetic.py',
        full='configs/probe/resnet18_location-3x3_cifar10.py',
    )


def _data_options(setting: Setting, grid: int) -> dict[str, Any]:
    """Grid of the images, and where they lie."""
    root = None if setting.quick else setting.data_root
    return {**setting.data_options(root), **grid_options(grid)}


def _recipe(setting: Setting) -> dict[str, Any]:
    # So few steps want a higher rate than the authors'.
    return dict(
        epochs=setting.pick(quick=10, full=20),
        lr=setting.pick(quick=0.01, full=0.001),
    )


def _probe(setting: Setting, train: Train, grid: int) -> Tool:
    name = f'{train.name}-{grid}x{grid}'
    words = [train.config, f'{{{train.name}:checkpoint}}']
    words += ['--data', _data(setting), '--seed', train.seed]
    words += ['--work-dir', f'{{{name}}}']
    for option, value in _recipe(setting).items():
        words += [f'--{option}', value]
    options = _data_options(setting, grid).items()
    words += ['--data-options', *(f'{k}={v}' for k, v in options)]
    return Tool(
        name,
        tool='probe.py',
        arguments=words,
        result=f'{{{name}}}/probe/probe.json',
        needs=[train.name],
        seconds=setting.pick(quick=60, full=3600),
    )


def _literal(setting: Setting) -> Train:
    """A read-out trained in the plain way, to check the cached ones by."""
    role = next(iter(encoders(setting)))
    seed = setting.trainings(role)[0]
    recipe, grid = _recipe(setting), _grids(setting)[0]
    return Train(
        'literal',
        config=_data(setting),
        options={
            **_data_options(setting, grid),
            'model.backbone.init_cfg.checkpoint': (
                f'{{{role}-seed{seed}:checkpoint}}'
            ),
            'optim_wrapper.optimizer.lr': recipe['lr'],
            'train_cfg.max_epochs': recipe['epochs'],
            'train_cfg.val_interval': recipe['epochs'] + 1,
        },
        seed=seed,
        needs=[f'{role}-seed{seed}'],
        seconds=setting.pick(quick=90, full=10 * 3600),
    )


def _runs(context: Context, role: str, grid: int) -> list[dict[str, Any]]:
    return [
        context.results[f'{role}-seed{seed}-{grid}x{grid}']
        for seed in context.setting.trainings(role)
    ]


def _last(run: Mapping[str, Any], readout: str) -> float:
    """Accuracy of a read-out at the last stage of the trained net."""
    (found,) = (
        row['accuracy']
        for row in run['rows']
        if (row['net'], row['layer'], row['readout'])
        == ('probed', run['layers'][-1], readout)
    )
    return sum(found) / len(found)


def _check(context: Context) -> Table:
    setting = context.setting
    role, grid = next(iter(encoders(setting))), _grids(setting)[0]
    table = Table(
        'Last stage, GAPNet: cached read-out against literal training (%)',
        ['way', 'accuracy', 'images seen'],
    )
    # Of the same training; others may well know more or less.
    cached = _last(_runs(context, role, grid)[0], 'gapnet')
    literal = context.results['literal']['metrics']['accuracy/top1']
    table.add('cached: one cell per image', Number(cached), 'once')
    table.add(
        'literal: tools/train.py, a new cell in every epoch',
        Number(literal),
        'every epoch',
    )
    return table
