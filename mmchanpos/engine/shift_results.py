"""Files of shift tests: written once, read again where nothing changed."""

from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional

import msgspec
import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, clean, read_npz, write_json, write_npz
from mmchanpos.formats import read_typed
from mmchanpos.shift import ShiftProtocol

from .cli import say
from .provenance import changed

#: The numbers of a report that go to the metrics of the runner.
SHOWN = (
    'top1',
    'top1_shifted',
    'consistency',
    'consistency_low',
    'consistency_high',
    'fidelity',
    'worst_case',
    'mean_change',
    'latent_mse',
    'invariance',
)
#: Those of a profile of maps or boxes, which have intervals.
MEASURES = ('inner', 'border', 'miou', 'lost', 'found', 'confidence', 'place')


class _Found(msgspec.Struct):
    """What has to be known of a report; files of before lack the last two."""

    consistency: Optional[float]
    test: Dict[str, Any]
    decided_by: Dict[str, str] = {}
    metrics: Dict[str, Any] = {}


class ShiftResults:
    """Results of shift tests in a folder, two files each.

    Args:
        folder (PathLike): Where.
    """

    def __init__(self, folder: PathLike) -> None:
        self.folder = Path(folder)

    def file(self, name: str, suffix: str) -> Path:
        """Where a test's result lies."""
        # Not with_suffix, which would cut off what follows a dot in a name.
        return self.folder / (name.replace('/', '-') + suffix)

    def find(
        self,
        tests: Mapping[str, ShiftProtocol],
        decided_by: Mapping[str, str],
        fresh: bool,
    ) -> Optional[Dict[str, float]]:
        """Metrics of an earlier run, if it measured all of just this.

        Args:
            tests (Mapping): By name.
            decided_by (Mapping): What a result depends on.
            fresh (bool): Take nothing, and say so.

        Returns:
            dict: None if anything is missing, damaged or of other settings.
        """
        metrics: Dict[str, float] = {}
        reasons: List[str] = []
        for name, test in tests.items():
            file = self.file(name, '.json')
            if not file.is_file():
                reasons.append('')
                continue
            try:
                report = read_typed(file, _Found)
                read_npz(self.file(name, '.npz'))
                whole = read_typed(file, Dict[str, Any])
            except InputError as e:
                reasons.append(str(e))
                continue
            if report.decided_by != dict(decided_by):
                reasons.append(changed(report.decided_by, decided_by))
            elif report.test != clean(test.to_dict()):
                reasons.append(f'test {name} changed')
            metrics.update(report.metrics)
            metrics.update(shown(name, whole))
        if fresh:
            reasons.insert(0, '--fresh was given')
        if not reasons:
            say(f'these very tests are there already: {self.folder}')
            return metrics
        if any(reasons):
            why = next(filter(None, reasons))
            say(f'starts anew: {why} ({self.folder})')
        return None

    def write(
        self,
        name: str,
        report: Mapping[str, Any],
        rows: Mapping[str, np.ndarray],
        decided_by: Mapping[str, str],
    ) -> None:
        """Write a result, and remove those of other settings beside it.

        Args:
            name (str): Of the test.
            report (Mapping): What it found.
            rows (Mapping): Predictions and more of every image.
            decided_by (Mapping): What the result depends on.
        """
        for file in self.folder.glob('*.json'):
            try:
                stale = read_typed(file, _Found).decided_by != dict(decided_by)
            except InputError:  # of somebody else
                continue
            if stale:
                file.unlink()
                file.with_name(f'{file.stem}.npz').unlink(missing_ok=True)
        write_npz(self.file(name, '.npz'), **rows)
        content = dict(report, decided_by=dict(decided_by))
        write_json(self.file(name, '.json'), clean(content))


def shown(name: str, report: Mapping[str, Any]) -> Dict[str, float]:
    """What of a report goes to the metrics of the runner."""
    numbers = {key: report[key] for key in SHOWN if key in report}
    for key in MEASURES:
        value = report.get('measures', {}).get(key, (None,))[0]
        if value is not None:
            numbers[key] = value
    return {f'shift/{name}/{key}': value for key, value in numbers.items()}
