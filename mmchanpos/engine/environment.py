"""Look at the installed stack, part by part."""

import importlib
import platform
import re
from dataclasses import dataclass
from typing import Optional

from rich.console import Console
from rich.table import Table

from mmchanpos.version import __version__

from .hosts import PACKAGES, Package


@dataclass
class Finding:
    """One row of the table.

    Attributes:
        part (str): What was looked at.
        found (str): Version, or what happened.
        fine (bool): Whether it works. A missing optional part is fine.
        advice (str): Command or advice; empty if there is nothing to do.
    """

    part: str
    found: str
    fine: bool = True
    advice: str = ''


def print_environment() -> bool:
    """Print all findings; give whether everything that is needed works."""
    findings = inspect_environment()
    table = Table('part', 'found', '', title='mmchanpos: environment')
    for item in findings:
        mark = '[green]ok[/]' if item.fine else '[red]broken[/]'
        table.add_row(item.part, item.found, mark)
    console = Console()
    console.print(table)
    for item in findings:
        if item.advice:
            # Without markup and wrapping, so that it can be copied.
            console.print(
                f'{item.part}: {item.advice}', markup=False, soft_wrap=True
            )
    return all(item.fine for item in findings)


def inspect_environment() -> list[Finding]:
    """Look at Python, every package, mmcv's operators and the GPU."""
    findings = [Finding('Python', platform.python_version())]
    findings += [inspect_part(package) for package in PACKAGES.values()]
    if _import_error('torch') is None:
        findings += [_mmcv_ops(), _ourselves(), _gpu()]
    return [*findings, _config_lookup()]


def inspect_part(package: Package) -> Finding:
    """Import one package; the true exception shows if that fails."""
    name, found = package.module, package.version
    error = _import_error(name)
    if error is None and package.extra:
        # The face of a host imports where its models do not.
        error = _import_error(f'{name}.models')
    if error is None:
        return Finding(name, found or 'from a checkout')
    if found is None:
        need = 'missing' if package.needed else 'not installed (optional)'
        return Finding(name, need, not package.needed, package.install)
    found += f': {type(error).__name__}: {_first_line(error)}'
    return Finding(name, found, False, _advice(package, error))


def _first_line(error: object) -> str:
    return str(error).split('\n')[0]


def _import_error(name: str) -> Optional[Exception]:
    try:
        importlib.import_module(name)
    except Exception as e:
        return e
    return None


def _advice(package: Package, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        missing = error.name.split('.')[0]
        known = {'pkg_resources': "'setuptools<81'"}
        return f'pip install {known.get(missing, missing)}'
    if 'NoneType takes no arguments' in str(error):
        # Newer ones have moved what mmpretrain's multimodal models import;
        # 4.48.3 has it, 4.52.4 does not.
        return "pip install 'transformers<4.49'"
    if re.search(r'MMCV==.* is used but incompatible', str(error)):
        return PACKAGES['mmcv'].install
    return package.install


def _mmcv_ops() -> Finding:
    import torch

    part, advice = 'mmcv operators', PACKAGES['mmcv'].install
    if _import_error('mmcv') is not None:
        return Finding(part, 'no mmcv', False)
    error = _import_error('mmcv._ext')
    if error is not None:
        # Compiled for another torch, or mmcv-lite without operators.
        advice = f'pip uninstall -y mmcv mmcv-lite && {advice}'
        return Finding(part, _first_line(error)[:80], False, advice)
    from mmcv.ops import get_compiling_cuda_version

    cuda = get_compiling_cuda_version()
    if cuda != 'not available':
        return Finding(part, f'compiled for CUDA {cuda}')
    # Whoever has a GPU meets this at the first NMS or RoIAlign.
    fine = not torch.cuda.is_available()
    advice = '' if fine else f'pip uninstall -y mmcv && {advice}'
    return Finding(part, 'compiled for the CPU', fine, advice)


def _ourselves() -> Finding:
    error = _import_error('mmchanpos.registry')
    found = _first_line(error) if error else __version__
    return Finding('mmchanpos', found, error is None)


def _gpu() -> Finding:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    names = {torch.cuda.get_device_name(i) for i in range(count)}
    if not names:
        return Finding('GPU', 'none: everything runs on the CPU')
    return Finding('GPU', f'{count} x {", ".join(names)}')


def _config_lookup() -> Finding:
    part = 'pkg:: configs'
    try:
        from mmengine.utils import is_installed

        is_installed('mmengine')
    except ImportError as e:
        return Finding(part, str(e), False, _advice(PACKAGES['mmengine'], e))
    return Finding(part, 'found')
