"""Figure S2: consistency against the size of the shift."""

from typing import Any, Dict, Iterator, List

from mmchanpos.experiments.run.runs import Test, Train
from mmchanpos.experiments.run.setting import Setting
from mmchanpos.experiments.run.steps import Context, Step
from mmchanpos.report import Number, Section, Table, curves

METHODS = {'baseline': 'baseline_', 'BlurPool': 'blurpool_', 'AugShift': ''}
#: Largest shifts in pixels: those of the paper, and what fits 32x32 images.
LARGE, SMALL = [8, 16, 32, 40, 48, 64], [1, 2, 4, 8, 12, 16]


def steps(setting: Setting) -> Iterator[Step]:
    """Train every method, then test it under growing shifts."""
    net = setting.pick(
        quick='resnet18-small_{}synthetic', full='resnet18_{}imagenet'
    )
    options: Dict[str, Any] = {}
    if setting.data_root and not setting.quick:
        for loader in ('train', 'val', 'test'):
            key = f'{loader}_dataloader.dataset.data_root'
            options[key] = setting.data_root
    for method, part in METHODS.items():
        config = f'configs/augshift/{net.format(part)}.py'
        for seed in setting.seeds:
            name = f'{method.lower()}-seed{seed}'
            yield Train(
                name,
                config,
                options,
                seed=seed,
                test=False,
                seconds=setting.pick(quick=25, full=24 * 3600),
            )
            yield Test(
                f'{name}-shifts',
                config,
                name,
                {**options, 'test_cfg.tests': _tests(setting)},
                seed=seed,
                seconds=setting.pick(quick=15, full=3600),
            )


def read(context: Context) -> Section:
    """One curve per method, mean over trainings."""
    sizes = context.setting.pick(quick=SMALL, full=LARGE)
    table = Table(
        'Consistency against the largest shift (%)',
        ['method', *[f'{n} px' for n in sizes]],
    )
    lines, bands = {}, {}
    for method in METHODS:
        rows = [_mean(context, method, n) for n in sizes]
        lines[method] = sizes, [row['consistency'] for row in rows]
        bands[method] = tuple(
            [row[f'consistency_{end}'] for row in rows]
            for end in ('low', 'high')
        )
        table.add(method, *[Number(row['consistency']) for row in rows])
    figure = curves(
        'figS2',
        lines,
        'largest shift (pixels)',
        'consistency (%)',
        'Consistency against the size of the shift',
        'Bands are 95 % intervals over test images.',
        bands=bands,
    )
    return Section(
        'How far may an image be shifted?',
        [
            'The larger the shifts that an image may be moved by, the less '
            'often two of them get the same label.',
            'In full, windows of 224 pixels are cut out of a canvas of 288, '
            'since the usual one of 256 ends at shifts of 32: objects are '
            'larger on it, so its numbers are not those of Table 2. The quick '
            'run fills in black instead.',
        ],
        figures=[figure],
        tables=[table],
    )


def _tests(setting: Setting) -> Any:
    if not setting.quick:
        return 'islam-s2'
    test = dict(mode='zero', canvas=32)
    return [dict(test, max_shift=n, name=f'zero/{n}') for n in SMALL]


def _mean(context: Context, method: str, size: int) -> Dict[str, float]:
    family = context.setting.pick(quick='zero', full='islam-s2')
    rows: List[Dict[str, float]] = [
        context.results[f'{method.lower()}-seed{seed}-shifts']['metrics']
        for seed in context.setting.seeds
    ]
    return {
        key: sum(r[f'shift/{family}/{size}/{key}'] for r in rows) / len(rows)
        for key in ('consistency', 'consistency_low', 'consistency_high')
    }
