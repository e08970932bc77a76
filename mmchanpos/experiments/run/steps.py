"""A step: one named piece of an experiment, done once and then remembered.

A step says what it does by plain values, so that it can be printed without
being run, and so that a later run knows whether a stored result still holds.
Texts may name earlier steps in braces: ``'{rank}/overall.json'`` is that file
in the folder of the step ``rank``, which then has to come first.
"""

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence, Set

from mmchanpos.errors import InputError
from mmchanpos.files import read_json

from .processes import die_with_parent
from .setting import Setting

_BRACES = re.compile(r'\{([\w.+-]+)\}')


@dataclass(frozen=True)
class Context:
    """What a step may use while it runs.

    Args:
        setting (Setting): What the user chose.
        folder (Path): The step's own folder; it exists and is empty, unless
            an interrupted training is being continued.
        folders (Mapping[str, Path]): Folder of every step.
        results (Mapping[str, Any]): Results of the steps done before.
        resume (bool): Whether the folder holds a piece of the same work.
    """

    setting: Setting
    folder: Path
    folders: Mapping[str, Path]
    results: Mapping[str, Any] = field(default_factory=dict)
    resume: bool = False

    def fill(self, value: Any) -> Any:
        """Replace ``{step}`` in texts, at any depth, by that step's folder."""
        if isinstance(value, str):
            return _BRACES.sub(lambda m: str(self.folders[m.group(1)]), value)
        if isinstance(value, Mapping):
            return {self.fill(k): self.fill(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.fill(v) for v in value)
        return value

    def checkpoint(self, step: str) -> Path:
        """Last checkpoint that a training step has saved."""
        pointer = self.folders[step] / 'last_checkpoint'
        if not pointer.is_file():
            raise InputError(
                f'step "{step}" saved no checkpoint ({pointer} is missing).'
            )
        return Path(pointer.read_text(encoding='utf8').strip())


class Step:
    """What all steps share: each is a frozen dataclass of plain values.

    Attributes:
        name (str): Unique in the experiment; also its folder.
        seconds (float): How long it takes on two cores, roughly; for the
            estimate of ``--dry-run`` and the remaining time shown.
        needs (Sequence[str]): Steps that come first, beside those named in
            braces.
        shared (str): Experiments that have the same step keep it under this
            name, so that it is done once. Defaults to none.
    """

    name: str
    seconds: float
    needs: Sequence[str]
    shared: str = ''

    def run(self, context: Context) -> Any:
        """Do the work and return a result that JSON can hold."""
        raise NotImplementedError

    def commands(self, context: Context) -> List[str]:
        """Shell commands that do the same by hand."""
        raise NotImplementedError

    def values(self, setting: Setting) -> Dict[str, Any]:
        """What decides the result, as plain values."""
        raise NotImplementedError

    def mentions(self) -> Any:
        """Values in which braces name other steps."""
        raise NotImplementedError

    def after(self) -> Set[str]:
        """Names of the steps that this one uses."""
        named = _BRACES.findall(repr(self.mentions()))
        return (set(self.needs) | set(named)) - {self.name}


@dataclass(frozen=True)
class Call(Step):
    """Call a function: ``function(context, **arguments)``.

    Args:
        name (str): Name of the step.
        function (Callable): Returns what JSON can hold; may write files to
            ``context.folder`` and read ``context.results['earlier step']``.
        arguments (Mapping): Plain values; they decide the result.
        command (str): Shell command that does the same by hand, if any.
        seconds (float): Rough duration.
        needs (Sequence[str]): Steps whose results it reads.
    """

    name: str
    function: Callable[..., Any]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    command: str = ''
    seconds: float = 30.0
    needs: Sequence[str] = ()

    def run(self, context: Context) -> Any:
        """Call the function."""
        return self.function(context, **context.fill(dict(self.arguments)))

    def commands(self, context: Context) -> List[str]:
        """Give the command, else the call in Python's words."""
        if self.command:
            return [context.fill(self.command)]
        said = ', '.join(f'{k}={v!r}' for k, v in self.arguments.items())
        return [f'# {self._path()}({context.fill(said)})']

    def values(self, setting: Setting) -> Dict[str, Any]:
        """The function's name, its arguments, and what the user chose."""
        return dict(
            function=self._path(),
            arguments=self.arguments,
            scale=setting.scale,
            data_root=setting.data_root,
        )

    def mentions(self) -> Any:
        """The arguments and the command."""
        return [self.arguments, self.command]

    def _path(self) -> str:
        return f'{self.function.__module__}.{self.function.__qualname__}'


@dataclass(frozen=True)
class Tool(Step):
    """Run one of ``tools/`` in a process of its own.

    Args:
        name (str): Name of the step.
        tool (str): File in ``tools/``, e.g. ``'rank_channels.py'``.
        arguments (Sequence): Its command line; the step's own name in braces
            is its own folder.
        result (str): JSON file that the tool writes and that becomes the
            result. Defaults to none.
        seconds (float): Rough duration.
        needs (Sequence[str]): Steps that come first.
        shared (str): See :class:`Step`.
    """

    name: str
    tool: str
    arguments: Sequence[Any] = ()
    result: str = ''
    seconds: float = 30.0
    needs: Sequence[str] = ()
    shared: str = ''

    def run(self, context: Context) -> Any:
        """Run the tool; its output goes to ``output.log``."""
        line = [sys.executable, str(home() / 'tools' / self.tool)]
        line += map(str, context.fill(list(self.arguments)))
        run_logged(line, context.folder / 'output.log')
        return read_json(context.fill(self.result)) if self.result else {}

    def commands(self, context: Context) -> List[str]:
        """Give the command line."""
        words = map(str, context.fill(list(self.arguments)))
        return [f'python tools/{self.tool} {shlex.join(words)}']

    def values(self, setting: Setting) -> Dict[str, Any]:
        """The command line."""
        return dict(tool=self.tool, arguments=list(self.arguments))

    def mentions(self) -> Any:
        """The command line and the result."""
        return [self.arguments, self.result]


def home() -> Path:
    """Folder that holds ``configs/`` and ``tools/``, installed or not."""
    package = Path(__file__).parents[2]
    checkout = package.parent
    if (checkout / 'configs').is_dir() and (checkout / 'tools').is_dir():
        return checkout
    return package / '.mim'


def run_logged(line: Sequence[str], log: Path) -> None:
    """Run a command; if it fails, say how its output ended.

    Args:
        line (Sequence[str]): The command line.
        log (Path): File for everything it prints.
    """
    with open(log, 'a', encoding='utf8') as out:
        code = subprocess.call(
            line,
            stdout=out,
            stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent,
        )
    if code:
        tail = log.read_text(encoding='utf8', errors='replace').splitlines()
        raise InputError(
            f'this command ended with status {code}:\n  {shlex.join(line)}\n'
            + '\n'.join(f'  | {x}' for x in tail[-15:])
            + f'\nEverything it printed is in {log}.'
        )
