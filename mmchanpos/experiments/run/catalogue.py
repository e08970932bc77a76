"""Which experiments there are, found by their files, without importing them.

Every module in this folder that defines ``steps`` and ``read`` is an
experiment: its name is the file's, its title the first line of its docstring.
"""

import ast
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Iterable, Sequence, Union

from mmchanpos.errors import InputError, nearest
from mmchanpos.report import Section

from .setting import Setting
from .steps import Context, Step

PAPERS = 'mmchanpos.experiments.papers'


@dataclass(frozen=True)
class Experiment:
    """One table or figure of a paper, declared.

    Args:
        name (str): As typed after ``tools/reproduce.py``.
        title (str): Which item of which paper, and what it says.
        steps (Callable): ``steps(setting)`` gives the steps in order.
        read (Callable): ``read(context)`` turns ``context.results`` into a
            :class:`~mmchanpos.report.Section`, or several.
    """

    name: str
    title: str
    steps: Callable[[Setting], Iterable[Step]]
    read: Callable[[Context], Union[Section, Sequence[Section]]]

    def folder(self, setting: Setting) -> Path:
        """Where its steps and its report go."""
        return setting.folder(self.name)

    def command(self, setting: Setting) -> str:
        """What a user types to redo it."""
        words = ['python tools/reproduce.py', self.name]
        if setting.quick:
            words.append(f'--{setting.scale}')
        if setting.data_root:
            words.append(f'--data-root {setting.data_root}')
        if setting.gpus > 1:
            words.append(f'--gpus {setting.gpus}')
        usual = Setting(quick=setting.quick, story=setting.story).seeds
        if setting.seeds != usual:
            words.append(f'--seeds {" ".join(map(str, setting.seeds))}')
        return ' '.join(words)


def titles() -> Dict[str, str]:
    """Name and title of every experiment, in order of name."""
    return declared(Path(__file__).parents[1] / 'papers', {'steps', 'read'})


def load(name: str) -> Experiment:
    """Import one experiment.

    Args:
        name (str): One of :func:`titles`.

    Returns:
        Experiment: The declaration.
    """
    module = load_declared(name, titles(), 'reproduce', PAPERS)
    return Experiment(name, titles()[name], module.steps, module.read)


def declared(folder: Path, functions: Sequence[str]) -> Dict[str, str]:
    """Modules of a folder that define all the functions, with their titles.

    Args:
        folder (Path): Folder of modules.
        functions (Sequence[str]): Names that a declaration defines.

    Returns:
        Dict[str, str]: Name of the module to first line of its docstring.
    """
    found = {}
    for file in sorted(folder.glob('*.py')):
        tree = ast.parse(file.read_text(encoding='utf8'), str(file))
        names = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        if set(functions) <= names:
            title = (ast.get_docstring(tree) or file.stem).splitlines()[0]
            found[file.stem] = title.rstrip('.')
    return found


def load_declared(
    name: str, known: Dict[str, str], tool: str, package: str
) -> object:
    """Import a declaration, or say which there are.

    Args:
        name (str): Name of the module.
        known (Dict[str, str]): What :func:`declared` found.
        tool (str): Tool that lists them.
        package (str): Package of the module.

    Returns:
        module: The declaration.
    """
    if name not in known:
        raise InputError(
            f'there is no "{name}". {nearest(name, known)} '
            f'To list them: python tools/{tool}.py --list'
        )
    return importlib.import_module(f'{package}.{name}')
