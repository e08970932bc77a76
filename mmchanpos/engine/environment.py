"""Look at the installed stack, part by part."""

import importlib
import platform
import re
from dataclasses import dataclass
from typing import List, Optional

from rich.console import Console
from rich.table import Table

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
    """Print the table of all findings.

    Returns:
        bool: Whether everything that is needed works.
    """
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


def inspect_environment() -> List[Finding]:
    """Look at Python, every package, mmcv's operators, numpy and the GPU.

    Returns:
        List[Finding]: In the order of dependence.
    """
    findings = [Finding('Python', platform.python_version())]
    findings += [inspect_part(package) for package in PACKAGES.values()]
    findings += [_mmcv_ops(), _numpy_bridge(), _config_lookup(), _gpu()]
    return findings


def inspect_part(package: Package) -> Finding:
    """Import one package and find its version.

    Args:
        package (Package): Which one.

    Returns:
        Finding: With the true exception if the import fails.
    """
    name, found = package.module, package.version
    error = _import_error(name)
    if error is None:
        return Finding(name, found or 'from a checkout')
    if found is None:
        need = 'missing' if package.needed else 'not installed (optional)'
        return Finding(name, need, not package.needed, package.install)
    reason = f'{type(error).__name__}: {error}'.split('\n')[0]
    return Finding(name, f'{found}: {reason}', False, _advice(package, error))


def _import_error(name: str) -> Optional[Exception]:
    try:
        importlib.import_module(name)
    except Exception as e:
        return e
    return None


def _advice(package: Package, error: Exception) -> str:
    missing = getattr(error, 'name', None)
    if isinstance(error, ModuleNotFoundError) and missing == 'pkg_resources':
        return "pip install 'setuptools<81'"
    if isinstance(error, ModuleNotFoundError) and missing:
        return f'pip install {missing.split(".")[0]}'
    if re.search(r'MMCV==.* is used but incompatible', str(error)):
        return PACKAGES['mmcv'].install
    return package.install


def _mmcv_ops() -> Finding:
    error = _import_error('mmcv._ext')
    if error is None:
        return _compiled_for()
    if _import_error('mmcv') is not None:
        return Finding('mmcv operators', 'no mmcv', False)
    return Finding(
        'mmcv operators',
        str(error).split('\n')[0][:80],
        False,
        # Compiled for another torch, or mmcv-lite without operators.
        'pip uninstall -y mmcv mmcv-lite && ' + PACKAGES['mmcv'].install,
    )


def _compiled_for() -> Finding:
    import torch
    from mmcv.ops import get_compiling_cuda_version

    cuda = get_compiling_cuda_version()
    if cuda != 'not available':
        return Finding('mmcv operators', f'compiled for CUDA {cuda}')
    return Finding(
        'mmcv operators',
        'compiled for the CPU',
        not torch.cuda.is_available(),
        # Whoever has a GPU meets this at the first NMS or RoIAlign.
        'pip uninstall -y mmcv && ' + PACKAGES['mmcv'].install
        if torch.cuda.is_available()
        else '',
    )


def _numpy_bridge() -> Finding:
    part = 'torch and numpy'
    try:
        import torch

        torch.zeros(1).numpy()
    except Exception as e:
        # Wheels of torch before 2.3 are built for numpy 1.
        return Finding(part, str(e)[:80], False, "pip install 'numpy<2'")
    return Finding(part, 'work together')


def _config_lookup() -> Finding:
    part = 'pkg:: configs'
    try:
        from mmengine.utils import is_installed

        is_installed('mmengine')
    except ImportError as e:
        return Finding(part, str(e), False, _advice(PACKAGES['mmengine'], e))
    return Finding(part, 'found')


def _gpu() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding('GPU', 'no torch', False)
    if not torch.cuda.is_available():
        return Finding('GPU', 'none: everything runs on the CPU')
    names = {
        torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())
    }
    return Finding('GPU', f'{torch.cuda.device_count()} x {", ".join(names)}')
