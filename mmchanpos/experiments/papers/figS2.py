"""Figure S2: consistency against the size of the shift."""

from typing import Any, Iterator

import numpy as np

from mmchanpos.experiments import Context, Setting, Step, Train
from mmchanpos.report import Number, Section, Table, curves
from mmchanpos.statistics import lead

NEEDS = 'ImageNet (1.3 million images), or weights of the three ResNet-50.'
#: Curve, and the part of the name of its config.
METHODS = {'baseline': 'baseline_', 'BlurPool': 'blurpool_', 'AugShift': ''}
#: Largest shifts in pixels: those of the paper, and what fits 32x32 images.
LARGE, SMALL = [8, 16, 32, 40, 48, 64], [1, 2, 4, 8, 12, 16]


def steps(setting: Setting) -> Iterator[Step]:
    """Train every method and test it under growing shifts."""
    net = setting.pick(
        quick='resnet18-small_{}synthetic', full='resnet50_{}imagenet'
    )
    root = None if setting.quick else setting.data_root
    tests: dict[str, Any] = {'test_cfg.tests': family(setting)}
    if setting.builtin:
        tests['test_cfg.num_shifts'] = 2
    for method, part in METHODS.items():
        yield from Train.each(
            setting,
            method.lower(),
            role=method.lower(),
            config=f'configs/augshift/{net.format(part)}.py',
            options={**setting.data_options(root), **tests},
            seconds=setting.pick(quick=40, full=48 * 3600),
        )


def read(context: Context) -> Section:
    """One curve per method, mean over trainings."""
    sizes = sizes_of(context.setting)
    table = Table(
        'Consistency against the largest shift (%)',
        ['method', *[f'{n} px' for n in sizes]],
        note='Mean and standard deviation over trainings.',
    )
    found = {method: _values(context, method) for method in METHODS}
    for method, values in found.items():
        table.add(method, *map(Number.over, values.T))
    figure = curves(
        'figS2',
        {
            method: (sizes, values.mean(0), values.min(0), values.max(0))
            for method, values in found.items()
        },
        'largest shift (pixels)',
        'consistency (%)',
        'Consistency against the size of the shift',
        'Means over trainings; bands go from the lowest to the highest.',
    )
    ahead = {
        f'{one} before {other}': lead(found[one].mean(1), found[other].mean(1))
        for one, other in (('AugShift', 'baseline'), ('AugShift', 'BlurPool'))
    }
    return Section(
        'How far may an image be shifted?',
        [
            'The larger the shifts that an image may be moved by, the less '
            'often two of them get the same label. Points of consistency, '
            'averaged over all sizes: '
            + '; '.join(f'{pair} {trend}' for pair, trend in ahead.items())
            + '.',
            'In full, windows of 224 pixels are cut out of a canvas of 288, '
            'since the usual one of 256 ends at shifts of 32: objects are '
            'larger on it, so its numbers are not those of Table 2. The quick '
            'run fills in black instead.',
        ],
        figures=[figure],
        tables=[table],
    )


def family(setting: Setting) -> str:
    """Name of the tests that it runs."""
    return setting.pick(quick='cifar-s2', full='islam-s2')


def sizes_of(setting: Setting) -> list[int]:
    """Largest shifts, in pixels."""
    return setting.pick(quick=SMALL, full=LARGE)


def _values(context: Context, method: str) -> np.ndarray:
    """Consistency, (trainings, sizes)."""
    role, tests = method.lower(), family(context.setting)
    found = [
        context.over(role, f'shift/{tests}/{size}/consistency', role)
        for size in sizes_of(context.setting)
    ]
    return np.array(found).T
