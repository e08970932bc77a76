"""Table 2: AugShift makes predictions consistent under shifts."""

from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from mmchanpos.experiments.run.runs import Train
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Number, Section, Table
from mmchanpos.report.shift_section import accuracy_against_consistency

#: Rows: name, and the part of the config's name.
METHODS: Mapping[str, str] = {
    'baseline': 'baseline_',
    'BlurPool': 'blurpool_',
    'AugShift': '',
    'AugShift + BlurPool': 'augshift-blurpool_',
    'AugShift + APS': 'augshift-aps_',
}
#: (Top-1, consistency) of the paper, by data set and method.
PAPER: Mapping[Tuple[str, str], Tuple[float, float]] = {
    ('cifar10', 'baseline'): (93.1, 90.8),
    ('cifar10', 'BlurPool'): (92.5, 92.5),
    ('cifar10', 'AugShift'): (92.1, 94.8),
    ('cifar100', 'baseline'): (72.6, 70.1),
    ('cifar100', 'BlurPool'): (72.4, 78.2),
    ('cifar100', 'AugShift'): (72.6, 85.6),
    ('imagenet', 'baseline'): (69.7, 89.5),
    ('imagenet', 'BlurPool'): (71.4, 90.5),
    ('imagenet', 'AugShift'): (70.1, 90.2),
}
#: The test whose consistency stands in the paper's column.
TEST = {'imagenet': 'islam-cons8', 'synthetic': 'cifar-zero4'}
#: The baseline once more, with shifts as large as AugShift sees; and then
#: with as many views of an image.
WIDER = 'baseline + shifts'
LONGER = 'baseline + shifts + views'
#: The largest shift that AugShift sees. It crops ImageNet as all others do.
SHIFTS = {'cifar10': 8, 'cifar100': 8, 'synthetic': 4}
#: Weights of the term between views, lambda of Eq. 1.
LAMBDAS = (0.0, 0.1, 1.0, 10.0)
_SHOWN = ('top1', 'consistency', 'fidelity', 'worst_case', 'invariance')


def steps(setting: Setting) -> Iterator[Step]:
    """Train every method on every data set, and a sweep of lambda."""
    net = setting.pick(quick='resnet18-small', full='resnet18')
    for data in _data(setting):
        for method, part in _methods(setting, data).items():
            for seed in _seeds(setting, method):
                yield _train(setting, net, data, method, part, seed)
    data = _data(setting)[0]
    for weight in _lambdas(setting):
        if weight != _weight(setting):
            yield _train(
                setting,
                net,
                data,
                f'lambda-{weight:g}',
                '',
                setting.seeds[0],
                {'model.augshift.loss_weight': weight},
            )


def read(context: Context) -> Section:
    """Means over seeds beside the paper's numbers, and the sweep."""
    setting = context.setting
    tables, figures, verdicts = [], [], []
    for data in _data(setting):
        test = TEST.get(data, 'cifar-zero8')
        found = {
            method: _numbers(context, data, method, test)
            for method in _methods(setting, data)
        }
        tables.append(_table(data, test, found))
        verdicts.append(_verdict(data, found))
        points = {m: {test: _mean(rows)} for m, rows in found.items()}
        figures.append(accuracy_against_consistency(points))
        figures[-1].name += f'-{data}'
    tables.append(_sweep(context, _data(setting)[0]))
    return Section(
        'Does training on shifted pairs make predictions consistent?',
        [
            'Consistency is the chance that two random shifts of one test '
            'image get the same label. AugShift adds to the usual loss the '
            'distance between the latents of two shifted views of an image; '
            'BlurPool and APS change how the network subsamples instead.',
            *verdicts,
            'lambda = 0 trains on the same two views without the distance: '
            'what remains beyond it is the effect of the distance itself.',
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


def _lambdas(setting: Setting) -> Tuple[float, ...]:
    none, _, *more = LAMBDAS
    return setting.pick(story=(none,), quick=(none, *more), full=LAMBDAS)


def _data(setting: Setting) -> List[str]:
    full = ['cifar10', 'cifar100', 'imagenet']
    # The folder of one data set asks for that one alone.
    named = Path(setting.data_root or '').name
    return setting.pick(
        quick=['synthetic'], full=[named] if named in full else full
    )


def _seeds(setting: Setting, method: str) -> Tuple[int, ...]:
    # Quick spends its time on the comparison that the paper is about.
    compared = ('baseline', WIDER, LONGER, 'AugShift')
    several = not setting.quick or method in compared
    return setting.seeds if several else setting.seeds[:1]


def _weight(setting: Setting) -> float:
    return setting.pick(quick=1.0, full=1.0)


def _name(data: str, method: str, seed: int) -> str:
    return f'{data}-{method}-seed{seed}'.replace(' + ', '-').lower()


def _train(
    setting: Setting,
    net: str,
    data: str,
    method: str,
    part: str,
    seed: int,
    options: Mapping[str, Any] = (),
) -> Train:
    options = dict(options)
    if method in (WIDER, LONGER):
        options['data_preprocessor.max_shift'] = SHIFTS[data]
    if method == LONGER:
        # Twice those of the config.
        options['train_cfg.max_epochs'] = 48
    if setting.data_root and not setting.quick:
        for loader in ('train', 'val', 'test'):
            key = f'{loader}_dataloader.dataset.data_root'
            root = Path(setting.data_root)
            options[key] = str(root if root.name == data else root / data)
    return Train(
        _name(data, method, seed),
        f'configs/augshift/{net}_{part}{data}.py',
        options,
        seed=seed,
        seconds=setting.pick(quick=50, full=4 * 3600),
    )


def _metrics(context: Context, step: str, test: str) -> Dict[str, float]:
    metrics = context.results[step]['metrics']
    names = ('top1', 'consistency_low', 'consistency_high', *_SHOWN)
    return {name: metrics.get(f'shift/{test}/{name}') for name in names}


def _numbers(
    context: Context, data: str, method: str, test: str
) -> List[Dict[str, float]]:
    return [
        _metrics(context, _name(data, method, seed), test)
        for seed in _seeds(context.setting, method)
    ]


def _mean(rows: List[Dict[str, float]]) -> Dict[str, float]:
    return {key: sum(r[key] for r in rows) / len(rows) for key in rows[0]}


def _table(
    data: str, test: str, found: Mapping[str, List[Dict[str, float]]]
) -> Table:
    table = Table(
        f'Table 2, {data}: consistency of {test} (%)',
        ['method', 'Top-1', 'consistency', '95 % interval', 'fidelity',
         'worst case', 'invariance'],
        note='Mean and standard deviation over trainings; the interval is '
        'over test images, averaged over trainings.'
        + ' The baseline is the usual recipe, with shifts half as large as '
        'those tested. AugShift sees all of them, in two views of an image '
        'per epoch; the other baselines see the same.' * (data in SHIFTS)
        + ' The numbers of the paper are those of CIFAR-10.'
        * (data == 'synthetic'),
    )  # fmt: skip
    for method, rows in found.items():
        known = 'cifar10' if data == 'synthetic' else data
        paper = PAPER.get((known, method), (None, None))
        mean = _mean(rows)
        top1, consistency, fidelity, worst = (
            [row[key] for row in rows] for key in _SHOWN[:4]
        )
        table.add(
            method,
            Number.over(top1, paper=paper[0]),
            Number.over(consistency, paper=paper[1]),
            f'{mean["consistency_low"]:.1f} to {mean["consistency_high"]:.1f}',
            Number.over(fidelity),
            Number.over(worst),
            Number(mean['invariance'], digits=3),
        )
    return table


def _verdict(data: str, found: Mapping[str, List[Dict[str, float]]]) -> str:
    """In plain words, which of two methods is the more consistent one."""
    means = {method: _mean(rows) for method, rows in found.items()}
    pairs = [
        ('AugShift', 'baseline'),
        ('AugShift', LONGER),
        ('AugShift + BlurPool', 'AugShift'),
        ('AugShift + APS', 'AugShift'),
    ]
    told = []
    for one, other in pairs:
        if one in means and other in means:
            mine, theirs = means[one], means[other]
            more = mine['consistency_low'] > theirs['consistency_high']
            less = mine['consistency_high'] < theirs['consistency_low']
            told.append(
                f'{one} is {"more" if more else "less" if less else "as"} '
                f'consistent {"than" if more or less else "as"} {other} '
                f'({mine["consistency"]:.1f} and '
                f'{theirs["consistency"]:.1f} %; Top-1 {mine["top1"]:.1f} '
                f'and {theirs["top1"]:.1f} %)'
            )
    return (
        f'On {data}: {"; ".join(told)}. "As consistent" means that the 95 % '
        'intervals overlap.'
    )


def _sweep(context: Context, data: str) -> Table:
    setting, test = context.setting, TEST.get(data, 'cifar-zero8')
    table = Table(
        f'The weight lambda of the distance, {data}, one seed',
        ['lambda', 'Top-1', 'consistency', '95 % interval', 'fidelity',
         'invariance'],
    )  # fmt: skip
    shown = {*_lambdas(setting), _weight(setting)}
    for weight in sorted(shown):
        own = weight == _weight(setting)
        method = 'AugShift' if own else f'lambda-{weight:g}'
        row = _metrics(context, _name(data, method, setting.seeds[0]), test)
        table.add(
            f'{weight:g}',
            Number(row['top1']),
            Number(row['consistency']),
            f'{row["consistency_low"]:.1f} to {row["consistency_high"]:.1f}',
            Number(row['fidelity']),
            Number(row['invariance'], digits=3),
        )
    return table
