"""Find, read and explain config files."""

import os
import re
import traceback
from argparse import Namespace
from functools import cache
from pathlib import Path
from typing import Any, Iterator, Optional

from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.utils import get_installed_path, is_installed

from mmchanpos import registry  # noqa: F401  (teaches mmengine our names)
from mmchanpos.errors import InputError, choose, nearest

from .hosts import HOSTS
from .nested import dicts
from .preflight import preflight

_SUFFIXES = ('.py', '.yaml', '.yml', '.json')


def load_config(
    path: str,
    options: Optional[dict] = None,
    work_dir: Optional[str] = None,
    check: bool = True,
    builtin: bool = False,
) -> Config:
    """Read a config, apply what the command line says, and check its hosts.

    Args:
        path (str): A path or ``pkg::folder/name.py``.
        options (dict, optional): Settings to change (``--cfg-options``).
        work_dir (str, optional): Overrides ``work_dir``. Defaults to the
            config's own, else ``work_dirs/<name of the config>``.
        check (bool): Import the hosts that the config needs and look up our
            own types, to fail here rather than in the middle. Defaults to
            True.
        builtin (bool): Exchange its data for a few drawn images, see
            :mod:`mmchanpos.engine.builtin`. Defaults to False.

    Returns:
        Config: The complete config.
    """
    file = resolve_config(path)
    cfg = _parse(file)
    host = path.partition('::')[0]
    if host in HOSTS and cfg.get('default_scope') is None:
        cfg.default_scope = host  # some files of theirs leave it out
    if options:
        try:
            cfg.merge_from_dict(options)
        except Exception as e:  # each kind of container raises its own
            raise InputError(
                f'--cfg-options {options} does not fit {path}: {e}'
            ) from e
    if builtin:
        # It draws images for data sets of ours, which need their hosts.
        from .builtin import use_builtin

        use_builtin(cfg)
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / file.stem)
    if check:
        preflight(cfg)
    return cfg


def config_of(args: Namespace) -> Config:
    """The config that the command line of a tool asks for."""
    return load_config(
        args.config, args.cfg_options, args.work_dir, builtin=args.builtin
    )


def resolve_config(path: str) -> Path:
    """Turn ``pkg::folder/name.py`` or a path into an existing file."""
    if '::' not in path:
        file = Path(path)
        # Ours are found from any folder, and in an installed package.
        for found in (file, home() / path):
            if found.is_file():
                return found
        # Not all below: the folder may be that of a clone, with data in it.
        around = [*file.parent.glob('*.py'), *Path('configs').rglob('*.py')]
        hint = nearest(file.name, (p.name for p in around))
        raise InputError(f'config {path} does not exist. {hint}')
    package, _, name = path.partition('::')
    folder = package_configs(package)
    for file in (folder / name, folder / f'{name}.py'):
        if file.is_file():
            return file
    known = {str(p.relative_to(folder)): p for p in folder.glob('**/*.py')}
    where = f' They lie in {folder}.'
    return choose(known, name, f'{package} ships no config', where)


def home() -> Path:
    """Folder that holds our ``configs/`` and ``tools/``, installed or not."""
    package = Path(__file__).parents[1]
    checkout = package.parent
    if (checkout / 'configs').is_dir() and (checkout / 'tools').is_dir():
        return checkout
    return package / '.mim'


@cache
def package_configs(package: str) -> Path:
    """Folder of the configs that an installed package ships."""
    name = choose(MODULE2PACKAGE, package, 'there is no known package')
    if not is_installed(name):
        raise InputError(
            f'"{package}::" needs the package {name}, which is not '
            f'installed: pip install {name}'
        )
    folder = Path(get_installed_path(name)) / '.mim' / 'configs'
    if not folder.is_dir():
        raise InputError(
            f'{name} is installed without its configs ({folder} is missing): '
            'install it from a wheel, or give the path of a config.'
        )
    return folder


def _parse(file: Path) -> Config:
    try:
        _check_chain(file, ())
        return Config.fromfile(str(file))
    except InputError:
        raise
    except SyntaxError as e:
        raise InputError(f'{file} does not parse: {e}') from e
    except Exception as e:  # a config is code, which may raise anything
        where = _line_of(e, file)
        raise InputError(
            f'{file}{where} cannot be read as a config '
            f'({type(e).__name__}): {str(e)[:300]}'
        ) from e


def _check_chain(file: Path, above: tuple[Path, ...]) -> None:
    """Refuse a file that is its own base, which mmengine follows for long."""
    file = file.resolve()
    if file in above:
        names = ' > '.join(path.name for path in (*above, file))
        raise InputError(f'_base_ of {file} leads back to it: {names}.')
    if file.suffix not in _SUFFIXES:
        raise InputError(
            f'{file} is no config: {", ".join(_SUFFIXES)} was wanted.'
        )
    if file.suffix != '.py' or b'_base_' not in file.read_bytes():
        return
    try:
        bases = _bases(file)
    except Exception:  # placeholders, or a fault that the reader tells better
        return
    for base in filter(Path.is_file, bases):
        _check_chain(base, (*above, file))


def _bases(file: Path) -> list[Path]:
    return [
        Path(Config._get_cfg_path(base, str(file))[0])
        for base in Config._get_base_files(str(file))
    ]


def _line_of(error: Exception, file: Path) -> str:
    """The line of a config at which an exception began, where there is one."""
    trace = traceback.extract_tb(error.__traceback__)
    lines = [at.lineno for at in trace if Path(at.filename).name == file.name]
    return f', line {lines[-1]},' if lines else ''


def config_origins(
    path: str, options: Optional[dict] = None
) -> dict[str, tuple[Any, str]]:
    """Say for every setting which file of the chain gave it its value.

    That is the deepest file which, merged with its own bases, already has
    the final value.

    Returns:
        dict: Dotted key to value and file.
    """
    file = resolve_config(path)
    final = Config(_merged(file))
    final.merge_from_dict(options or {})
    found = _origins(file)

    def origin(key: str, value: Any) -> str:
        same = key in found and found[key][0] == value
        return _shown(found[key][1]) if same else '--cfg-options'

    return {k: (v, origin(k, v)) for k, v in _leaves(final.to_dict())}


def _merged(file: Path) -> dict[str, Any]:
    """All settings of a file and its bases."""
    cfg = _parse(file).to_dict()
    for part in dicts(cfg):
        # mmengine adds it to what another package has, in the child only.
        part.pop('_scope_', None)
    return cfg


def _origins(file: Path) -> dict[str, tuple[Any, Path]]:
    """Every setting of a file with the deepest that has it so."""
    found = {key: (value, file) for key, value in _leaves(_merged(file))}
    # Of several bases the first that has it; no file is its own.
    for base in reversed(_bases(file)):
        for key, (value, deepest) in _origins(base).items():
            if key in found and found[key][0] == value:
                found[key] = value, deepest
    return found


def _shown(file: Path) -> str:
    path = os.path.normpath(file)
    # A file of an installed package reads as a user would name it.
    return re.sub(r'.*/(\w+)/\.mim/configs/', r'\1::', path)


def _leaves(value: Any, key: str = '') -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and (value or not key):
        for name, child in value.items():
            yield from _leaves(child, f'{key}.{name}' if key else name)
    else:
        yield key, value
