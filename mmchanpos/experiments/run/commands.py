"""Steps that are command lines: a tool of ours, a training with its test."""

import runpy
import sys
import traceback
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence
from unittest.mock import patch

from mmchanpos.engine.cli import Options
from mmchanpos.engine.config import home, load_config
from mmchanpos.engine.processes import check_status, run_logged, shell
from mmchanpos.errors import InputError
from mmchanpos.files import read_json

from .setting import Setting
from .steps import Context, Step, identity


@dataclass(frozen=True)
class Tool(Step):
    """Run one of ``tools/``.

    Args:
        tool (str): File in ``tools/``, e.g. ``'rank_channels.py'``.
        arguments (Sequence): Its command line, what has no name first.
        result (str): JSON file that the tool writes and that becomes the
            result. Defaults to none.
    """

    tool: str = ''
    arguments: Sequence[Any] = ()
    result: str = ''

    def run(self, context: Context) -> Any:
        """Do what the lines say; their output goes to ``output.log``."""
        for line in self.lines(context):
            launch(line, context.folder)
        return read_json(context.fill(self.result)) if self.result else {}

    def commands(self, context: Context) -> list[str]:
        """Give the lines as a shell reads them."""
        return list(map(shell, self.lines(context)))

    def lines(self, context: Context) -> Iterator[list[str]]:
        """Command lines, each when those before it are done."""
        drawn = context.setting.builtin and '/' not in self.tool
        words = [*map(str, context.fill(list(self.arguments)))]
        words += ['--builtin'] * drawn
        yield command_line(self.tool, words, context.setting.gpus)

    def decides(self, setting: Setting) -> dict[str, Any]:
        """The command line, and what is in its files."""
        known = [identity(word) for word in self.arguments]
        return dict(tool=self.tool, arguments=known)


@dataclass(frozen=True)
class Train(Tool):
    """Train a config, then test what came of it.

    The result is ``{'metrics': {...}, 'checkpoint': path}``. An interrupted
    training starts anew when quick, since its numbers then do not depend on
    where it was stopped; in full it goes on from its last checkpoint.

    Args:
        config (str): ``configs/...`` of ours, or ``pkg::folder/name.py``.
        options (Mapping): Dotted keys, as after ``--cfg-options``.
        test (bool): Whether to test at the end. Defaults to True.
    """

    config: str = ''
    options: Mapping[str, Any] = field(default_factory=dict)
    test: bool = True

    @classmethod
    def each(
        cls, setting: Setting, name: str, role: str = '', **others: Any
    ) -> Iterator['Train']:
        """One for every training of a role, called ``name-seed0`` and on."""
        for seed in setting.trainings(role):
            yield cls(f'{name}-seed{seed}', role=role, seed=seed, **others)

    def run(self, context: Context) -> dict[str, Any]:
        """Train, and test."""
        folder = context.folder
        # One file says it all, also what a command line cannot.
        options = self._options(context)
        drawn = context.setting.builtin
        cfg = load_config(self.config, options, str(folder), builtin=drawn)
        whole = str(folder / 'config.py')
        cfg.dump(whole)
        for line in self.lines(context, whole):
            launch(line, folder)
        given = self.given(context.setting)
        metrics = read_json(folder / 'metrics.json') if self.test else {}
        checkpoint = given or context.checkpoint(self.name)
        return dict(checkpoint=checkpoint, metrics=metrics)

    def lines(self, context: Context, whole: str = '') -> Iterator[list[str]]:
        """The training and the testing command, of a whole config if any."""
        folder, gpus = context.folder, context.setting.gpus
        given = self.given(context.setting)
        config, words = whole or self.config, ['--work-dir', str(folder)]
        if not whole:
            words += ['--builtin'] * context.setting.builtin
            words += ['--cfg-options', *_said(self._options(context))]
        if not given:
            more = ['--resume'] if context.resume else []
            yield command_line('train.py', [config, *more, *words], gpus)
        if self.test:
            weights = given or context.checkpoint(self.name)
            words = ['--out', str(folder / 'metrics.json'), *words]
            yield command_line('test.py', [config, weights, *words], gpus)

    def decides(self, setting: Setting) -> dict[str, Any]:
        """Config, options, seed, and the processes or the given weights."""
        given = self.given(setting)
        return dict(
            config=identity(self.config),
            options=self.options,
            seed=self.seed,
            test=self.test,
            by=identity(given) if given else setting.gpus,
        )

    def _options(self, context: Context) -> dict[str, Any]:
        return {**context.fill(self.options), 'randomness.seed': self.seed}


def command_line(tool: str, words: Sequence[str], gpus: int = 1) -> list[str]:
    """How a user starts a tool, with one process or several.

    What has no name comes first among its words.

    Example:
        >>> ' '.join(command_line('train.py', ['a.py', '--resume'], 4))
        'bash tools/dist_train.sh a.py 4 --resume'
    """
    script = f'tools/dist_{Path(tool).stem}.sh'
    if gpus == 1 or not (home() / script).is_file():
        return ['python', f'tools/{tool}', *words]
    what = list(takewhile(lambda word: not word.startswith('--'), words))
    return ['bash', script, *what, str(gpus), *words[len(what) :]]


def launch(line: Sequence[str], folder: Path) -> None:
    """Run a command line; if it fails, say how its output ended.

    Args:
        line (Sequence[str]): From :func:`command_line`.
        folder (Path): Gets ``output.log`` with all that it prints.
    """
    words = [str(home() / line[1]), *line[2:]]
    if line[0] == 'python':
        log = folder / 'output.log'
        check_status(_here(words, log), line, log)
    else:
        run_logged(['bash', *words], folder / 'output.log')


def _here(line: list[str], log: Path) -> Any:
    # A process of its own would pay for the imports each time.
    argv = patch.object(sys, 'argv', line)
    with open(log, 'a', encoding='utf8') as out:
        try:
            with redirect_stdout(out), redirect_stderr(out), argv:
                runpy.run_path(line[0], run_name='__main__')
        except SystemExit as e:
            return e.code
        except Exception:
            traceback.print_exc(file=out)
            return 1
    return 0


def _said(options: Mapping[str, Any]) -> Iterator[str]:
    """Options as ``KEY=VALUE``."""
    for key, value in options.items():
        text = value
        if not isinstance(value, str):
            text = str(value).replace(' ', '').replace("'", '')
        if '"$(' not in text and not _reads(text, value):
            raise InputError(
                f'no command line can say {key} = {value!r}: write a config.'
            )
        yield f'{key}={text}'


def _reads(text: str, value: Any) -> bool:
    try:
        return Options._parse_iterable(text) == value
    except (AssertionError, RecursionError):
        return False
