"""Files of shift tests: written once, read again where nothing changed."""

from pathlib import Path
from typing import Any, Mapping, Optional

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import clean, read_npz, write_json, write_npz
from mmchanpos.formats import read_typed
from mmchanpos.shift import ShiftProtocol

from .result_folder import earlier

#: Measures of a profile of maps or boxes that go to the metrics of the runner.
MEASURES = ('inner', 'border', 'miou', 'lost', 'found', 'confidence', 'place')


class _Found(msgspec.Struct):
    """What has to be known of a report; older files lack the last two."""

    consistency: Optional[float]
    test: dict[str, Any]
    decided_by: dict[str, str] = {}
    metrics: dict[str, Any] = {}


def find_results(
    folder: Path,
    tests: Mapping[str, ShiftProtocol],
    decided_by: Mapping[str, str],
    fresh: bool,
) -> Optional[dict[str, float]]:
    """Metrics of an earlier run, if it measured all of just these tests."""

    def read(_: Path) -> tuple[dict[str, float], dict[str, str]]:
        metrics: dict[str, float] = {}
        for name, test in tests.items():
            file = file_of(folder, name)
            report = read_typed(file, _Found)
            read_npz(file_of(folder, name, '.npz'))
            if report.decided_by != dict(decided_by):
                return {}, report.decided_by
            if report.test != clean(test.to_dict()):
                raise InputError(f'test {name} changed')
            metrics.update(report.metrics)
            metrics.update(shown(name, read_typed(file, dict[str, Any])))
        return metrics, dict(decided_by)

    first = file_of(folder, next(iter(tests)))
    return earlier('these very tests are', first, read, decided_by, fresh)


def write_results(
    folder: Path,
    name: str,
    report: Mapping[str, Any],
    rows: Mapping[str, np.ndarray],
    decided_by: Mapping[str, str],
) -> None:
    """Write what a test found, in all and for every image (``rows``).

    Results of other settings that lie beside it are removed.
    """
    for file in folder.glob('*.json'):
        try:
            stale = read_typed(file, _Found).decided_by != dict(decided_by)
        except InputError:  # of somebody else
            continue
        if stale:
            file.unlink()
            file.with_name(f'{file.stem}.npz').unlink(missing_ok=True)
    write_npz(file_of(folder, name, '.npz'), **rows)
    content = dict(report, decided_by=dict(decided_by))
    write_json(file_of(folder, name), clean(content))


def file_of(folder: Path, name: str, suffix: str = '.json') -> Path:
    """Where a test's result lies."""
    # Not with_suffix, which would cut off what follows a dot in a name.
    return folder / (name.replace('/', '-') + suffix)


def shown(name: str, report: Mapping[str, Any]) -> dict[str, float]:
    """What of a report goes to the metrics of the runner."""
    numbers = {k: v for k, v in report.items() if isinstance(v, float)}
    for key in MEASURES:
        value = report.get('measures', {}).get(key, (None,))[0]
        if value is not None:
            numbers[key] = value
    return {f'shift/{name}/{key}': value for key, value in numbers.items()}
