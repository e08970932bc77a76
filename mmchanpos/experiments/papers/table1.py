"""Table 1: GAPNet tells the location, PermuteNet hardly, both the object."""

import json
from itertools import product
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Optional

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Number, Section, Table, bars
from mmchanpos.statistics import lead

NETS = {'gapnet': 'GAPNet', 'permutenet': 'PermuteNet'}
TASKS = ('location', 'object')
#: Which epoch of a training counts.
Rule = Callable[[Context, str], Optional[float]]
#: (padding, net, task) to the paper's accuracy for 3x3, 5x5 and 7x7.
PAPER: Mapping[tuple[str, str, str], tuple[float, float, float]] = {
    ('zero', 'gapnet', 'location'): (100, 100, 100),
    ('zero', 'permutenet', 'location'): (78.8, 37.8, 21.4),
    ('zero', 'gapnet', 'object'): (82.6, 82.4, 82.1),
    ('zero', 'permutenet', 'object'): (73.6, 72.2, 69.9),
    ('reflect', 'gapnet', 'location'): (100, 100, 100),
    ('reflect', 'permutenet', 'location'): (78.3, 36.3, 23.2),
    ('reflect', 'gapnet', 'object'): (83.8, 83.4, 82.9),
    ('reflect', 'permutenet', 'object'): (71.1, 71.4, 65.7),
    ('replicate', 'gapnet', 'location'): (100, 100, 100),
    ('replicate', 'permutenet', 'location'): (78.3, 40.1, 23.6),
    ('replicate', 'gapnet', 'object'): (83.1, 82.9, 82.8),
    ('replicate', 'permutenet', 'object'): (72.0, 71.5, 71.4),
}


class Cell(NamedTuple):
    """A cell of the table: a net for one task on one grid."""

    padding: str
    net: str
    task: str
    grid: int

    def step(self, seed: int) -> str:
        """Name of a training."""
        padding, net, task, grid = self
        return f'{net}-{task}-{grid}x{grid}-{padding}-seed{seed}'


def steps(setting: Setting) -> Iterator[Step]:
    """Train each net for each task on each grid, once per seed."""
    for padding, net, column, seed in product(
        _paddings(setting), NETS, _columns(setting), setting.trainings()
    ):
        cell = Cell(padding, net, *column)
        task, grid = column
        tail = setting.pick(
            quick=f'resnet18-small_{task}-3x3_synthetic.py',
            full=f'resnet18_{task}-{grid}x{grid}_cifar10.py',
        )
        full = 1200 * grid * (1 if task == 'location' else 5)
        yield Train(
            cell.step(seed),
            config=f'configs/{net}/{net}_{tail}',
            options=_options(setting, cell, seed),
            seed=seed,
            seconds=setting.pick(quick=3 + grid**2, full=full),
        )


def read(context: Context) -> Section:
    """Accuracies beside the paper's and beside chance."""
    columns = {
        f'{task} {grid}x{grid}': (task, grid)
        for task, grid in _columns(context.setting)
    }
    table = Table(
        'Table 1: accuracy (%)',
        ['padding', 'net', *columns],
        note='Mean and standard deviation over trainings; PermuteNet is '
        'tested under five draws of its permutations. The weights are the '
        'last ones, never the best on the test set.'
        + ' The paper used CIFAR-10 and a larger net.'
        * context.setting.quick,
    )
    best = Table(
        'Table 1 by the rule of the paper: the best epoch on the test set (%)',
        table.columns,
        note='To choose an epoch by its test accuracy flatters it. '
        'PermuteNet is validated under one draw of its permutations.',
    )
    groups: dict[str, dict[str, Any]] = {}
    for padding, net in product(_paddings(context.setting), NETS):
        cells = [Cell(padding, net, *column) for column in columns.values()]
        rows = [
            [_number(context, cell, rule) for cell in cells]
            for rule in (last_epoch, best_epoch)
        ]
        table.add(padding, NETS[net], *rows[0])
        best.add(padding, NETS[net], *rows[1])
        for column, cell in zip(columns, rows[0]):
            bar = f'{NETS[net]}, {padding}'
            groups.setdefault(column, {})[bar] = (cell.value, cell.spread or 0)
    figure = bars(
        'table1',
        groups,
        y='accuracy (%)',
        title='GAPNet and PermuteNet',
        caption='Bars are means over trainings, lines their deviation.',
    )
    return Section(
        'Do the channels of a pooled latent say where things are?',
        [
            'An image lies in one cell of an empty grid. GAPNet pools its '
            'last convolution over all positions and still tells the cell: '
            'what is left after pooling are channels, so they know. '
            'PermuteNet shuffles the pooled channels at every step, and keeps '
            'most of its skill to name the object alone.',
            _verdict(context),
        ],
        figures=[figure],
        tables=[table],
        details=[best] if any(c.value for c in best.rows[0][2:]) else [],
    )


def last_epoch(context: Context, step: str) -> float:
    """Accuracy of the last weights of a training."""
    return context.results[step]['metrics']['accuracy/top1']


def best_epoch(context: Context, step: str) -> Optional[float]:
    """The best accuracy of any epoch, as the paper reports it.

    Returns:
        float: None where no epoch was validated.
    """
    found: list[float] = []
    for log in context.folders[step].glob('*/vis_data/scalars.json'):
        lines = log.read_text(encoding='utf8').splitlines()
        found += [json.loads(line).get('accuracy/top1') for line in lines]
    return max(filter(None, found), default=None)


def _verdict(context: Context) -> str:
    """By how much GAPNet is ahead, in each training."""
    told = []
    for task, grid in _columns(context.setting):
        gap, permute = (
            _found(context, Cell('zero', net, task, grid), last_epoch)
            for net in NETS
        )
        told.append(f'{task} {grid}x{grid} {lead(gap, permute)}')
    return f'Points by which GAPNet is ahead: {"; ".join(told)}.'


def _paddings(setting: Setting) -> list[str]:
    return setting.pick(quick=['zero'], full=['zero', 'reflect', 'replicate'])


def _columns(setting: Setting) -> list[tuple[str, int]]:
    return setting.pick(
        story=[('location', 3), ('location', 5), ('object', 3)],
        quick=list(product(TASKS, [3, 5])),
        full=list(product(TASKS, [3, 5, 7])),
    )


def _options(setting: Setting, cell: Cell, seed: int) -> dict[str, Any]:
    options: dict[str, Any] = {'model.padding': cell.padding}
    if cell.net == 'permutenet':
        options['model.neck.1.seed'] = seed
    if not setting.quick:
        return {**options, **setting.data_options(setting.data_root)}
    # The last weights count; the story validates nothing on the way.
    every = setting.pick(story=100, quick=1, full=1)
    options['train_cfg.val_interval'] = every
    if cell.task == 'location':
        options['model.head.num_classes'] = cell.grid**2
    return {**options, **grid_options(cell.grid)}


def grid_options(grid: int) -> dict[str, int]:
    """Options of a config whose images lie on another grid."""
    return {
        f'{split}_dataloader.dataset.pipeline.{step}.grid': grid
        for split, step in (('train', 1), ('val', 0), ('test', 0))
    }


def _found(context: Context, cell: Cell, rule: Rule) -> list[Any]:
    seeds = context.setting.trainings()
    return [rule(context, cell.step(seed)) for seed in seeds]


def _number(context: Context, cell: Cell, rule: Rule) -> Number:
    found = _found(context, cell, rule)
    papers = dict(zip((3, 5, 7), PAPER[cell[:3]]))
    answers = context.setting.pick(quick=3, full=10)
    if cell.task == 'location':
        answers = cell.grid**2
    known = dict(paper=papers.get(cell.grid), chance=100 / answers)
    if None in found:
        return Number(None, **known)
    return Number.over(found, **known)
