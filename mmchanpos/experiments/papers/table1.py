"""Table 1: GAPNet tells the location, PermuteNet hardly, both the object."""

from itertools import product
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from mmchanpos.experiments.run.runs import Train
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Number, Section, Table, bars

NETS = {'gapnet': 'GAPNet', 'permutenet': 'PermuteNet'}
TASKS = ('location', 'object')
#: (padding, net, task) to the paper's accuracy for 3x3, 5x5 and 7x7.
PAPER: Mapping[Tuple[str, str, str], Tuple[float, float, float]] = {
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


def steps(setting: Setting) -> Iterator[Step]:
    """Train each net for each task on each grid, once per seed."""
    for padding, net, (task, grid), seed in product(
        _paddings(setting), NETS, _columns(setting), setting.seeds
    ):
        yield Train(
            _name(padding, net, task, grid, seed),
            _config(setting, net, task, grid),
            _options(setting, padding, net, task, grid, seed),
            seed=seed,
            seconds=_seconds(setting, task, grid),
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
    groups: Dict[str, Dict[str, Any]] = {}
    for padding, net in product(_paddings(context.setting), NETS):
        cells = [
            _number(context, padding, net, *column)
            for column in columns.values()
        ]
        table.add(padding, NETS[net], *cells)
        for column, cell in zip(columns, cells):
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
            'what is left after pooling are channels, so they know.',
            'PermuteNet shuffles the pooled channels at every step. It keeps '
            'most of its skill to name the object and loses most of its '
            'skill to name the cell, the more the finer the grid.',
        ],
        figures=[figure],
        tables=[table],
    )


def _paddings(setting: Setting) -> List[str]:
    return setting.pick(quick=['zero'], full=['zero', 'reflect', 'replicate'])


def _columns(setting: Setting) -> List[Tuple[str, int]]:
    return setting.pick(
        story=[('location', 3), ('location', 5), ('object', 3)],
        quick=list(product(TASKS, [3, 5])),
        full=list(product(TASKS, [3, 5, 7])),
    )


def _name(padding: str, net: str, task: str, grid: int, seed: int) -> str:
    return f'{net}-{task}-{grid}x{grid}-{padding}-seed{seed}'


def _config(setting: Setting, net: str, task: str, grid: int) -> str:
    tail = setting.pick(
        quick=f'resnet18-small_{task}-3x3_synthetic.py',
        full=f'resnet18_{task}-{grid}x{grid}_cifar10.py',
    )
    return f'configs/{net}/{net}_{tail}'


def _options(
    setting: Setting, padding: str, net: str, task: str, grid: int, seed: int
) -> Dict[str, Any]:
    options: Dict[str, Any] = {'model.padding': padding}
    if net == 'permutenet':
        options['model.neck.1.seed'] = seed
    if setting.quick:
        # The last weights count, so nothing is validated on the way.
        options['train_cfg.val_interval'] = 100
        if task == 'location':
            options['model.head.num_classes'] = grid**2
        for split, step in (('train', 1), ('val', 0), ('test', 0)):
            place = f'{split}_dataloader.dataset.pipeline.{step}'
            options[f'{place}.grid'] = grid
    elif setting.data_root:
        for split in ('train', 'val', 'test'):
            key = f'{split}_dataloader.dataset.data_root'
            options[key] = setting.data_root
    return options


def _number(
    context: Context, padding: str, net: str, task: str, grid: int
) -> Number:
    found = [
        context.results[_name(padding, net, task, grid, seed)]['metrics']
        for seed in context.setting.seeds
    ]
    paper = dict(zip((3, 5, 7), PAPER[padding, net, task]))
    return Number.over(
        [metrics['accuracy/top1'] for metrics in found],
        paper=paper.get(grid),
        chance=100 / _answers(context.setting, task, grid),
    )


def _seconds(setting: Setting, task: str, grid: int) -> float:
    if not setting.quick:
        return 1200 * grid * (1 if task == 'location' else 5)
    return 3 + 9 * grid**2 / 9


def _answers(setting: Setting, task: str, grid: int) -> int:
    return grid**2 if task == 'location' else setting.pick(quick=3, full=10)
