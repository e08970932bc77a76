"""Show what shift consistency tests found: table, curves, fragile images."""

from pathlib import Path
from typing import Any, Callable, Mapping, Optional, Sequence, TypeVar

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, read_json, read_npz
from mmchanpos.formats import as_typed
from mmchanpos.report.figures import Figure, curves, panels
from mmchanpos.report.look import WIDTH, canvas, colours, look
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table
from mmchanpos.shift import measure, stability_map

T = TypeVar('T')
#: Gives image i of the data set, (H, W, 3) in RGB.
Picture = Callable[[int], np.ndarray]
#: How many of the least stable images are shown.
FRAGILE = 6
#: A share and both ends of its interval.
_CONSISTENCY = 'consistency', 'consistency_low', 'consistency_high'
_ROWS = {
    'Top-1 (%)': ('top1', 2),
    'Top-1 under shift (%)': ('top1_shifted', 2),
    'consistency (%)': ('consistency', 2),
    '  95 % interval from': ('consistency_low', 2),
    '  to': ('consistency_high', 2),
    'fidelity (%)': ('fidelity', 2),
    'worst case (%)': ('worst_case', 2),
    'change of p(top)': ('mean_change', 4),
    'latent MSE': ('latent_mse', 5),
    'latent invariance': ('invariance', 4),
}


class _Report(msgspec.Struct):
    """What ``ShiftConsistencyLoop`` writes of a test and is shown."""

    top1: float
    consistency: float
    consistency_low: float
    consistency_high: float
    images: int
    description: str
    test: dict[str, Any]
    warning: Optional[str] = None
    top1_shifted: Optional[float] = None
    fidelity: Optional[float] = None
    worst_case: Optional[float] = None
    mean_change: Optional[float] = None
    latent_mse: Optional[float] = None
    invariance: Optional[float] = None
    curve: Optional[list[dict[str, Any]]] = None


def shift_section(
    folder: Path,
    picture: Picture,
    beside: Mapping[str, PathLike],
    only: Sequence[str],
) -> Section:
    """Read what ``ShiftConsistencyLoop`` wrote and draw it.

    Args:
        folder (Path): Its ``out`` folder.
        picture (Callable): Of a place in the data set, its picture (H, W, 3)
            in RGB.
        beside (Mapping): Folders of other networks by name, for the figure
            of accuracy against consistency.
        only (Sequence[str]): Tests to show.

    Returns:
        Section: With a table and figures.
    """
    reports = read_reports(folder)
    reports = {name: reports[name] for name in only}
    notes = [
        f'{name}: {report["warning"]}'
        for name, report in reports.items()
        if report['warning']
    ]
    nets = {'this network': reports}
    nets.update({name: read_reports(path) for name, path in beside.items()})
    figures = [*_shift_sizes(reports), accuracy_against_consistency(nets)]
    for name, report in reports.items():
        figures += _fragile(name, report, folder, picture)
    return Section(
        'How much do small shifts change the answer?',
        [
            'Consistency is the chance, in per cent, that two shifted copies '
            'of one image get the same label; fidelity, that they get the '
            'right one. A network that always gives the same label is '
            'perfectly consistent, so read both. The worst case counts images '
            'that are right under every shift that was tried.',
            *notes,
        ],
        figures=figures,
        tables=[shift_table(reports)],
    )


def read_results(
    folder: PathLike, shape: type[T], key: str, name: str
) -> dict[str, T]:
    """All results of one kind that ``tools/shift_eval.py`` left in a folder.

    Args:
        folder (Path): Its ``--out`` folder.
        shape (type): What they should be.
        key (str): What they have and results of another kind have not.
        name (str): What they are called in an error.

    Returns:
        dict[str, T]: By name of the test.
    """
    found = {f: read_json(f) for f in sorted(Path(folder).glob('*.json'))}
    results = {
        file.stem: as_typed(content, shape, file)
        for file, content in found.items()
        if isinstance(content, dict) and key in content
    }
    if not results:
        raise InputError(
            f'{folder} holds no {name}. tools/shift_eval.py writes them to '
            'its --out folder.'
        )
    return results


def read_reports(folder: PathLike) -> dict[str, dict[str, Any]]:
    """All tests in a folder, by name."""
    found = read_results(
        folder, _Report, 'consistency', 'results of shift tests'
    )
    return {name: msgspec.structs.asdict(one) for name, one in found.items()}


def shift_table(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    """One column per test, one row for everything that is always printed."""
    table = Table(
        'Under shifts',
        ['', *reports],
        note='\n'.join(
            f'{name}: {report["description"]}; {report["images"]} images'
            for name, report in reports.items()
        ),
    )
    for row, (key, digits) in _ROWS.items():
        cells = [Number(r.get(key), digits=digits) for r in reports.values()]
        table.add(row, *cells)
    return table


def accuracy_against_consistency(
    nets: Mapping[str, Mapping[str, Mapping[str, Any]]],
) -> Figure:
    """Top-1 over consistency, one point per network and test.

    Args:
        nets (Mapping): Name of a network to its reports by test.

    Returns:
        Figure: With the points in its data.
    """
    data = Table(
        'Accuracy against consistency',
        ['network', 'test', 'consistency', 'Top-1'],
    )
    marks = 'os^Dv<>'
    with look():
        image, ((axes,),) = canvas(size=(WIDTH, 4.2))
        tints = colours(nets)
        tests: list[str] = []
        for net, reports in nets.items():
            for test, report in reports.items():
                tests += [test] if test not in tests else []
                x, low, high = (report[part] for part in _CONSISTENCY)
                y = report['top1']
                axes.errorbar(
                    x,
                    y,
                    xerr=[[max(x - low, 0)], [max(high - x, 0)]],
                    marker=marks[tests.index(test) % len(marks)],
                    color=tints[net],
                    ls='',
                    label=f'{net}, {test}',
                )
                data.add(net, test, x, y)
        axes.set(xlabel='consistency (%)', ylabel='Top-1 (%)')
        axes.set_title('Accuracy against consistency')
        axes.legend()
    caption = 'Top-1 on unshifted images; bars are 95 % intervals.'
    return Figure('accuracy-consistency', image, caption, data)


def _shift_sizes(reports: Mapping[str, Mapping[str, Any]]) -> list[Figure]:
    families: dict[str, list[Mapping[str, Any]]] = {}
    for name, report in sorted(
        reports.items(), key=lambda item: item[1]['test']['max_shift']
    ):
        rows = report.get('curve')
        line = name
        if rows is None:
            # Tests of one family, such as islam-s2-8 and islam-s2-16.
            line = name.rstrip('0123456789').rstrip('-')
            rows = [dict(report, max_shift=report['test']['max_shift'])]
        families.setdefault(line, []).extend(rows)
    parts = 'max_shift', *_CONSISTENCY
    lines = {
        line: [[row[part] for row in rows] for part in parts]
        for line, rows in families.items()
        if len(rows) > 1
    }
    if not lines:
        return []
    return [
        curves(
            'shift-size',
            lines,
            'largest shift (pixels)',
            'consistency (%)',
            'Consistency against the size of the shift',
            'As in Fig. S2 of the paper; bands are 95 % intervals.',
        )
    ]


def _fragile(
    name: str, report: Mapping[str, Any], folder: Path, picture: Picture
) -> list[Figure]:
    cache = read_npz(folder / f'{name}.npz')
    test = report['test']
    stable = measure(
        cache['predictions'],
        cache['label'],
        cache['original'],
        test['pair'],
        test['agree'],
        not test['exhaustive'] or test['exclude_identical'],
    ).consistency
    order = np.argsort(stable, kind='stable')[:FRAGILE]
    figures = []
    right = cache['predictions'] == cache['label'][:, None]
    rows = [[picture(int(cache['index'][i])) for i in order]]
    if test['exhaustive']:
        rows.append([stability_map(right[i], cache['grid']) for i in order])
        mean = stability_map(100 * right.mean(0), cache['grid'])
        figures.append(
            panels(
                f'{name}-map',
                [[mean]],
                [f'{np.nanmin(mean):.1f} to {np.nanmax(mean):.1f} %'],
                caption=f'{name}: Top-1 at every shift; down and right of '
                'the middle the content moves down and right. Dark is low.',
            )
        )
    told = ' Below, each shift: bright is right.' * (len(rows) - 1)
    figures.append(
        panels(
            f'{name}-fragile',
            rows,
            [f'{cache["index"][i]}: {100 * stable[i]:.0f} %' for i in order],
            caption=f'{name}: the least stable images, with index and '
            f'consistency.{told}',
            limits=(0, 1),
        )
    )
    return figures
