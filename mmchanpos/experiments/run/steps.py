"""A step: one named piece of an experiment, done once and then remembered.

A step says what it does by plain values, so that it can be printed without
being run, and so that a later run knows whether a stored result still holds.
It names the earlier steps that it needs; its texts may then hold ``{train}``
for the folder of one of them and ``{train:checkpoint}`` for the weights that
it left. Its own folder, too, is its name in braces.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Callable, Mapping, Sequence

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError

from .setting import Setting


@dataclass(frozen=True)
class Context:
    """What a step may use while it runs, and what is read in the end.

    Args:
        setting (Setting): What the user chose.
        folder (Path): The step's own folder; it exists and is empty, unless
            an interrupted training is being continued.
        folders (Mapping[str, Path]): Folder of every step.
        results (Mapping[str, Any]): Results of the steps done before.
        resume (bool): Whether the folder holds a piece of the same work.
        named (Sequence[str]): Steps that texts may name. Defaults to all.
    """

    setting: Setting
    folder: Path
    folders: Mapping[str, Path]
    results: Mapping[str, Any] = field(default_factory=dict)
    resume: bool = False
    named: Sequence[str] = ()

    def fill(self, value: Any) -> Any:
        """Put folders and checkpoints in for names in braces, at any depth."""
        if isinstance(value, Mapping):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.fill(v) for v in value)
        if not isinstance(value, str) or '{' not in value:
            return value
        for name, folder in self.folders.items():
            here, weights = f'{{{name}}}', f'{{{name}:checkpoint}}'
            if here not in value and weights not in value:
                continue
            if self.named and name not in self.named:
                raise InputError(
                    f'"{value}" uses "{name}", which is not among what its '
                    f'step needs: {", ".join(self.named)}.'
                )
            value = value.replace(here, str(folder))
            value = value.replace(weights, self.checkpoint(name))
        return value

    def over(self, name: str, key: str, role: str = '') -> list[float]:
        """A metric of every training of a role, called ``name-seed0`` on."""
        return [
            self.results[f'{name}-seed{seed}']['metrics'][key]
            for seed in self.setting.trainings(role)
        ]

    def checkpoint(self, step: str) -> str:
        """Weights that a step has left, or for a shell where they will be."""
        known = self.results.get(step)
        if isinstance(known, dict) and known.get('checkpoint'):
            return known['checkpoint']
        pointer = self.folders[step] / 'last_checkpoint'
        if pointer.is_file():
            return pointer.read_text(encoding='utf8').strip()
        return f'"$(cat {pointer})"'


@dataclass(frozen=True)
class Step:
    """What all steps share.

    Each has ``run(context)`` for its result, ``commands(context)`` for the
    shell commands that do the same, and ``decides(setting)`` for the plain
    values that decide the result.

    Args:
        name (str): Unique in the experiment; also its folder.
        needs (Sequence[str]): Steps that come first.
        seconds (float): How long it takes on two cores, roughly; for the
            estimate of ``--dry-run`` and the remaining time shown.
        shared (str): Experiments that have the same step keep it under this
            name, so that it is done once. Defaults to none.
        role (str): What the net is called in ``--checkpoint``, whose file
            then takes the place of the work. Defaults to none.
        seed (int): Of the work; one of ``setting.trainings(role)``.
    """

    name: str
    needs: Sequence[str] = ()
    seconds: float = 30.0
    shared: str = ''
    role: str = ''
    seed: int = 0

    def given(self, setting: Setting) -> str:
        """The file of weights that the user gave, or nothing."""
        files = setting.checkpoints.get(self.role, ())
        return str(files[self.seed]) if self.seed < len(files) else ''


@dataclass(frozen=True)
class Call(Step):
    """Call a function: ``function(context, **arguments)``.

    Args:
        function (Callable): Returns what JSON can hold; may write files to
            ``context.folder`` and read ``context.results['earlier step']``.
        arguments (Mapping): Plain values; they decide the result.
    """

    function: Callable[..., Any] = dict
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def run(self, context: Context) -> Any:
        """Call the function, unless its weights are given."""
        given = self.given(context.setting)
        if given:
            return dict(checkpoint=given)
        return self.function(context, **context.fill(dict(self.arguments)))

    def commands(self, context: Context) -> list[str]:
        """Give the call in Python's words."""
        said = ', '.join(f'{k}={v!r}' for k, v in self.arguments.items())
        return [f'# {self._path()}({context.fill(said)})']

    def decides(self, setting: Setting) -> dict[str, Any]:
        """The function's name, its arguments, and what the user chose."""
        return dict(
            function=self._path(),
            arguments=self.arguments,
            data_root=setting.data_root,
            given=identity(self.given(setting)),
        )

    def _path(self) -> str:
        return f'{self.function.__module__}.{self.function.__qualname__}'


def identity(word: Any) -> Any:
    """What tells a config or a file from another; other words are that."""
    file = Path(str(word))
    if file.suffix == '.py' and '{' not in str(word):
        return [word, _known(str(word))]
    if file.is_file():
        return [word, file.stat().st_size, file.stat().st_mtime]
    return word


def digest(content: Any) -> str:
    """A short name of what JSON can hold."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@cache
def _known(config: str) -> str:
    return digest(load_config(config, check=False).to_dict())
