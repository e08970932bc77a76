"""Table 2: AugShift makes predictions consistent under shifts."""

from itertools import zip_longest
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.shift_section import accuracy_against_consistency
from mmchanpos.statistics import lead

NEEDS = 'CIFAR-10 and CIFAR-100 (fetched), and ImageNet or weights for it.'
#: Weights may be given for some of the rows; the others are left out.
PARTIAL = True
#: Rows: name, and the part of the config's name.
METHODS: Mapping[str, str] = {
    'baseline': 'baseline_',
    'BlurPool': 'blurpool_',
    'AugShift': '',
    'AugShift + BlurPool': 'augshift-blurpool_',
    'AugShift + APS': 'augshift-aps_',
}
#: Top-1 and consistency of the paper, by data set and method; for ImageNet
#: with shifts below 8 pixels and below 16.
PAPER: Mapping[tuple[str, str], tuple[float, ...]] = {
    ('cifar10', 'baseline'): (93.1, 90.8),
    ('cifar10', 'BlurPool'): (92.5, 92.5),
    ('cifar10', 'AugShift'): (92.1, 94.8),
    ('cifar100', 'baseline'): (72.6, 70.1),
    ('cifar100', 'BlurPool'): (72.4, 78.2),
    ('cifar100', 'AugShift'): (72.6, 85.6),
    ('imagenet', 'baseline'): (69.7, 89.5, 87.4),
    ('imagenet', 'BlurPool'): (71.4, 90.5, 88.8),
    ('imagenet', 'AugShift'): (70.1, 90.2, 88.2),
}
#: The tests whose consistency stands in the paper's columns.
TESTS: Mapping[str, Sequence[str]] = {
    'cifar10': ['cifar-zero8'],
    'cifar100': ['cifar-zero8'],
    'imagenet': ['islam-cons8', 'islam-cons16'],
    'synthetic': ['cifar-zero4'],
}
#: The baseline once more, with shifts as large as AugShift sees; and then
#: with as many views of an image.
WIDER = 'baseline + shifts'
LONGER = 'baseline + shifts + views'
#: The largest shift that AugShift sees. It crops ImageNet as all others do.
SHIFTS = {'cifar10': 8, 'cifar100': 8, 'synthetic': 4}
#: Weights of the term between views, lambda of Eq. 1; the configs have 1.
LAMBDAS = (0.0, 0.1, 1.0, 10.0)
#: Who is compared with whom.
PAIRS = (
    ('AugShift', 'baseline'),
    ('AugShift', LONGER),
    ('AugShift + BlurPool', 'AugShift'),
    ('AugShift + APS', 'AugShift'),
)
_WORDS = {
    'more': 'more consistent than',
    'less': 'less consistent than',
    'not more': 'not clearly more or less consistent than',
}
#: A number of each training, by name.
Found = Mapping[str, list[float]]


def steps(setting: Setting) -> Iterator[Step]:
    """Train every method on every data set, and a sweep of lambda."""
    for data in _data(setting):
        for method, part in _methods(setting, data).items():
            yield from _trainings(setting, data, method, part)
    for weight in _lambdas(setting):
        if weight != 1:
            more = {'model.augshift.loss_weight': weight}
            data, method = _data(setting)[0], f'lambda-{weight:g}'
            yield from _trainings(setting, data, method, '', more)


def read(context: Context) -> Section:
    """Means over trainings beside the paper's numbers, and the sweep."""
    setting = context.setting
    tables, figures, verdicts = [], [], []
    for data in _data(setting):
        found = {
            method: _numbers(context, data, method)
            for method in _methods(setting, data)
            if setting.trainings(_role(data, method))
        }
        if found:
            tables.append(_table(data, found))
            verdicts += _verdict(data, found)
            figures.append(_figure(data, found))
    weights = {
        weight: _numbers(
            context,
            _data(setting)[0],
            'AugShift' if weight == 1 else f'lambda-{weight:g}',
        )
        for weight in _lambdas(setting)
    }
    if weights:
        tables.append(_sweep(_data(setting)[0], weights))
        verdicts.append(
            'lambda = 0 trains on the same two views without the distance: '
            'what remains beyond it is the effect of the distance itself.'
        )
    return Section(
        'Does training on shifted pairs make predictions consistent?',
        [
            'Consistency is the chance that two random shifts of one test '
            'image get the same label. AugShift adds to the usual loss the '
            'distance between the latents of two shifted views of an image; '
            'BlurPool and APS change how the network subsamples instead.',
            *verdicts,
        ],
        figures=figures,
        tables=tables,
    )


def _methods(setting: Setting, data: str) -> Mapping[str, str]:
    if setting.scale == 'story':
        return {'baseline': 'baseline_', LONGER: 'baseline_', 'AugShift': ''}
    # Nobody doubles the weeks of a full training to be fair.
    fair = [WIDER] * (data in SHIFTS) + [LONGER] * setting.quick
    return {
        'baseline': 'baseline_',
        **dict.fromkeys(fair, 'baseline_'),
        **METHODS,
    }


def _lambdas(setting: Setting) -> tuple[float, ...]:
    """Weights of the sweep, which takes trainings of its own."""
    if setting.checkpoints:
        return ()
    none, _, *more = LAMBDAS
    return setting.pick(story=(none, 1.0), quick=(none, *more), full=LAMBDAS)


def _data(setting: Setting) -> list[str]:
    full = ['cifar10', 'cifar100', 'imagenet']
    # The folder of one data set asks for that one alone.
    named = Path(setting.data_root or '').name
    return setting.pick(
        quick=['synthetic'], full=[named] if named in full else full
    )


def _role(data: str, method: str) -> str:
    return f'{data}-{method}'.replace(' + ', '-').lower()


def _trainings(
    setting: Setting,
    data: str,
    method: str,
    part: str,
    options: Mapping[str, Any] = (),
) -> Iterator[Train]:
    options = dict(options)
    if method in (WIDER, LONGER):
        options['data_preprocessor.max_shift'] = SHIFTS[data]
    if method == LONGER:
        # Twice those of the config.
        options['train_cfg.max_epochs'] = 48
    if setting.builtin:
        # Hundreds of shifts a test: those of the table will do, and few.
        options['test_cfg.tests'] = list(TESTS[data])
        options['test_cfg.num_shifts'] = 2
    if setting.data_root and not setting.quick:
        root = Path(setting.data_root)
        options.update(
            setting.data_options(root if root.name == data else root / data)
        )
    net = setting.pick(quick='resnet18-small', full='resnet18')
    role = _role(data, method)
    # The sweep of lambda is no row that weights are given for.
    given = '' if method.startswith('lambda') else role
    yield from Train.each(
        setting,
        role,
        given,
        config=f'configs/augshift/{net}_{part}{data}.py',
        options=options,
        seconds=setting.pick(quick=50, full=4 * 3600),
    )


def _numbers(context: Context, data: str, method: str) -> Found:
    """Of every training: Top-1, consistency of all tests, and more."""
    role, (first, *others) = _role(data, method), TESTS[data]
    shown = ('top1', 'consistency', 'fidelity', 'worst_case', 'invariance')
    keys = {score: f'{first}/{score}' for score in shown}
    keys.update((test, f'{test}/consistency') for test in others)
    return {
        name: context.over(role, f'shift/{key}', role)
        for name, key in keys.items()
    }


def _table(data: str, found: Mapping[str, Found]) -> Table:
    first, *others = TESTS[data]
    table = Table(
        f'Table 2, {data}: consistency of {" and ".join(TESTS[data])} (%)',
        ['method', 'trainings', 'Top-1', f'consistency ({first})', *others,
         'fidelity', 'worst case', 'invariance'],
        note='Mean and standard deviation over trainings.'
        + ' The baseline is the usual recipe, with shifts half as large as '
        'those tested. AugShift sees all of them, in two views of an image '
        'per epoch; the other baselines see the same.' * (data in SHIFTS)
        + ' The numbers of the paper are those of CIFAR-10.'
        * (data == 'synthetic'),
    )  # fmt: skip
    for method, numbers in found.items():
        known = 'cifar10' if data == 'synthetic' else data
        keys = ('top1', 'consistency', *others, 'fidelity', 'worst_case')
        paper = PAPER.get((known, method), ())
        table.add(method, *_cells(numbers, (*keys, 'invariance'), paper))
    return table


def _cells(
    numbers: Found, keys: Sequence[str], paper: Sequence[float] = ()
) -> list[Any]:
    """How many trainings there are, and what they say."""
    cells: list[Any] = [len(numbers['top1'])]
    for key, told in zip_longest(keys, paper):
        digits = 3 if key == 'invariance' else 1
        cells.append(Number.over(numbers[key], paper=told, digits=digits))
    return cells


def _verdict(data: str, found: Mapping[str, Found]) -> list[str]:
    """By how much one method is more consistent than another."""
    told = []
    for one, other in PAIRS:
        if one in found and other in found:
            ahead, right = (
                lead(found[one][key], found[other][key])
                for key in ('consistency', 'top1')
            )
            pair = f'{one} is {_WORDS[ahead.answer]} {other}'
            if len(ahead.values) == 1:  # which answers nothing
                pair = f'{one} beside {other}'
            told.append(
                f'On {data} {pair}: points of consistency {ahead}; of Top-1 '
                f'{right}.'
            )
    return told


def _figure(data: str, found: Mapping[str, Found]) -> Any:
    points = {
        method: {
            TESTS[data][0]: dict(
                top1=Number.over(numbers['top1']).value,
                consistency=Number.over(numbers['consistency']).value,
                consistency_low=min(numbers['consistency']),
                consistency_high=max(numbers['consistency']),
            )
        }
        for method, numbers in found.items()
    }
    figure = accuracy_against_consistency(points)
    figure.name += f'-{data}'
    figure.caption = (
        'Means over trainings; bars from the lowest to the highest.'
    )
    return figure


def _sweep(data: str, found: Mapping[float, Found]) -> Table:
    keys = ('top1', 'consistency', 'fidelity', 'invariance')
    table = Table(
        f'The weight lambda of the distance, {data}',
        ['lambda', 'trainings', 'Top-1', *keys[1:]],
        note='Mean and standard deviation over trainings.',
    )
    for weight, numbers in sorted(found.items()):
        table.add(f'{weight:g}', *_cells(numbers, keys))
    return table
