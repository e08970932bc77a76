"""What an experiment is, and how one is found: among ours, or in any file."""

import importlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Callable, Iterable, Sequence, Union

from mmchanpos.engine.processes import shell
from mmchanpos.errors import InputError, one_of
from mmchanpos.files import existing_file
from mmchanpos.report import Section

from .run.setting import Setting
from .run.steps import Context, Step
from .run.store import Store

#: About what a step takes on drawn images, on two cores.
DRAWN_SECONDS = 15.0


@dataclass(frozen=True)
class Experiment:
    """One table or figure of a paper, declared.

    Args:
        name (str): As typed after ``tools/reproduce.py``.
        title (str): Which item of which paper, and what it says.
        steps (Callable): ``steps(setting)`` gives the steps in order.
        read (Callable): ``read(context)`` turns ``context.results`` into a
            :class:`~mmchanpos.report.Section`, or several.
        needs (str): What a full run needs and cannot fetch, and what of the
            paper nobody can redo. Defaults to nothing.
        partial (bool): Whether weights may be given for some of its roles
            and the others be left out. Defaults to False.
        file (str): Where somebody else declares it. Defaults to nowhere.
    """

    name: str
    title: str
    steps: Callable[[Setting], Iterable[Step]]
    read: Callable[[Context], Union[Section, Sequence[Section]]]
    needs: str = ''
    partial: bool = False
    file: str = ''

    def store(self, setting: Setting) -> Store:
        """Its steps with their folders, or which weights are missing."""
        self._check(setting)
        store = self._store(setting)
        self._check_use(store)
        return store

    def roles(self, setting: Setting) -> list[str]:
        """What its nets are called in ``--checkpoint``."""
        steps = self.steps(replace(setting, checkpoints={}))
        return list(dict.fromkeys(s.role for s in steps if s.role))

    def command(self, setting: Setting) -> str:
        """What a user types to redo it."""
        words = ['python', 'tools/reproduce.py', self.file or self.name]
        if setting.quick:
            words.append(f'--{setting.scale}')
        if setting.builtin:
            words.append('--builtin')
        if setting.data_root:
            words += ['--data-root', setting.data_root]
        if setting.gpus > 1:
            words += ['--gpus', str(setting.gpus)]
        if setting.seeds:
            words += ['--seeds', *map(str, setting.seeds)]
        if setting.checkpoints:
            words.append('--checkpoint')
        for role, files in setting.checkpoints.items():
            words += [f'{role}={file}' for file in files]
        return shell(words)

    def _check(self, setting: Setting) -> None:
        given = setting.checkpoints
        roles = self.roles(setting) if given else []
        if given and not roles:
            raise InputError(f'{self.name} takes no --checkpoint.')
        for role in given:
            one_of(
                roles, role, f'--checkpoint: {self.name} has no net of role'
            )
        missing = [role for role in roles if role not in given]
        if missing and not self.partial:
            raise InputError(
                f'{self.name} needs weights of {", ".join(roles)}; add '
                f'--checkpoint {" ".join(f"{r}=FILE" for r in missing)}'
            )
        for files in given.values():
            for file in files:
                existing_file(file)

    def _store(self, setting: Setting) -> Store:
        steps = list(self.steps(setting))
        for i, step in enumerate(steps):
            spared = step.given(setting) and not getattr(step, 'test', False)
            # What it takes in full says nothing of a few drawn images, nor
            # of weights that are given and not tested.
            if setting.builtin or spared:
                steps[i] = replace(step, seconds=DRAWN_SECONDS)
        return Store(setting.folder(self.name), steps, setting)

    def _check_use(self, store: Store) -> None:
        """Refuse what would be left out without a word."""
        setting, marks = store.setting, store.marks
        for role, files in setting.checkpoints.items():
            taken = {step.seed for step in store.steps if step.role == role}
            for file in files[len(taken) :]:
                raise InputError(
                    f'--checkpoint {role}={file}: {self.name} takes '
                    f'{len(taken)} of this role.'
                )
        # Nothing and something else, as what is given may be the usual.
        others = dict(
            seeds=((), (1 + max(setting.seeds, default=0),)),
            data_root=(None, '/'),
        )
        for name, values in others.items():
            if getattr(setting, name) and all(
                self._store(replace(setting, **{name: value})).marks == marks
                for value in values
            ):
                option = name.replace('_', '-')
                raise InputError(
                    f'--{option}: {self.name} makes no use of it here.'
                )


def find_module(
    name: str,
    names: Sequence[str],
    package: str,
    tool: str,
    functions: Sequence[str],
) -> ModuleType:
    """Import a declaration of ours, or anybody's file.

    Args:
        name (str): One of the names, or a path that ends in ``.py``.
        names (Sequence[str]): Modules of the package.
        package (str): Where they lie.
        tool (str): Tool that lists them.
        functions (Sequence[str]): What it has to define.
    """
    if name in names:
        return importlib.import_module(f'{package}.{name}')
    file = Path(name)
    if file.suffix != '.py':
        hint = f' To list them: python tools/{tool}.py --list'
        one_of(names, name, 'there is no', hint)
    existing_file(file)
    if '.' in file.stem:
        raise InputError(f'Python imports nothing that is called {file.name}.')
    # Processes that are started for its steps import it by its name, and
    # nothing that lies beside it may hide a module of somebody else.
    sys.path.append(str(file.resolve().parent))
    module = importlib.import_module(file.stem)
    if Path(module.__file__ or '').resolve() != file.resolve():
        raise InputError(
            f'{file} is called like another module, {module.__file__}: '
            'rename it.'
        )
    for function in functions:
        if not hasattr(module, function):
            raise InputError(f'{name} defines no function "{function}".')
    return module


def title_of(module: ModuleType) -> str:
    """First line of its docstring, else its name."""
    said = (module.__doc__ or '').strip() or module.__name__
    return said.splitlines()[0].rstrip('.')
