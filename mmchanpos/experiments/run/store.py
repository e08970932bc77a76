"""What is remembered of each step, and when it still holds.

A step's folder holds ``step.json`` (what decides its result) from the start
and ``result.json`` from its end. A step is done if both are there and say
what the step says now; what it uses of earlier steps is part of that.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Sequence

from mmchanpos.errors import InputError, one_of
from mmchanpos.files import read_json, write_json
from mmchanpos.version import __version__

from .setting import Setting
from .steps import Context, Step, digest


class Store:
    """The steps of one experiment with their folders.

    Args:
        folder (Path): Folder of the experiment.
        steps (Sequence[Step]): Its steps, each after those that it needs.
        setting (Setting): What the user chose.
    """

    def __init__(
        self, folder: Path, steps: Sequence[Step], setting: Setting
    ) -> None:
        self.folder, self.steps, self.setting = folder, list(steps), setting
        self.folders: dict[str, Path] = {}
        self.marks: dict[str, dict[str, Any]] = {}
        if not self.steps:
            raise InputError('the experiment has no steps.')
        for step in self.steps:
            self._check(step)
            where = setting.folder(step.shared) if step.shared else folder
            self.folders[step.name] = where / step.name
            self.marks[step.name] = dict(
                version=__version__,
                decides=_plain(step.decides(setting)),
                uses={n: digest(self.marks[n]) for n in sorted(step.needs)},
            )

    def context(self, step: Step, results: dict[str, Any]) -> Context:
        """What the step may use while it runs."""
        place, named = self.folders[step.name], (step.name, *step.needs)
        return Context(
            self.setting, place, self.folders, results, False, named
        )

    def mark(self, step: Step) -> dict[str, Any]:
        """What decides the result of a step, earlier steps included."""
        return self.marks[step.name]

    def result(self, step: Step) -> Optional[Any]:
        """The stored result in a one-item list, or None if none holds."""
        file = self.folders[step.name] / 'result.json'
        if not file.is_file() or not self._same(step):
            return None
        try:
            return [read_json(file)['result']]
        except (InputError, KeyError, TypeError):  # cut off: it is done again
            return None

    def begin(
        self, step: Step, results: dict[str, Any], fresh: bool = False
    ) -> Context:
        """Make the step's folder ready and say whether work is continued."""
        context = self.context(step, results)
        folder = context.folder
        resume = not (fresh or self.setting.quick) and self._same(step)
        if folder.exists() and not resume:
            if any(folder.iterdir()) and not (folder / 'step.json').exists():
                raise InputError(
                    f'{folder} was not made by this experiment: give another '
                    '--work-dir, or move it away.'
                )
            shutil.rmtree(folder)
        (folder / 'result.json').unlink(missing_ok=True)
        write_json(folder / 'step.json', self.mark(step))
        return replace(context, resume=resume)

    def finish(self, step: Step, result: Any, seconds: float) -> Any:
        """Store the result of a step and give it as a later run reads it."""
        content = _plain(dict(result=result, seconds=round(seconds, 1)))
        write_json(self.folders[step.name] / 'result.json', content)
        return content['result']

    def _same(self, step: Step) -> bool:
        file = self.folders[step.name] / 'step.json'
        try:
            return file.is_file() and read_json(file) == self.mark(step)
        except InputError:  # cut off
            return False

    def _check(self, step: Step) -> None:
        if step.name in self.folders:
            raise InputError(f'two steps are called "{step.name}".')
        if not step.name or set(step.name) & set('/\\{}: '):
            raise InputError(f'"{step.name}" cannot name a folder.')
        for name in step.needs:
            no = f'before step "{step.name}" there is no step'
            one_of(self.folders, name, no)


def _plain(value: Any) -> Any:
    # A trip through JSON, so that what is compared is what was stored.
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as e:
        raise InputError(
            f'a step holds what JSON cannot: {e}. Give plain numbers, texts, '
            'lists and dictionaries (files.clean makes such of arrays).'
        ) from e
