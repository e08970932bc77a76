"""Two mends for mmengine that everything else relies on.

Both only add to public tables of torch and mmengine; nothing is patched, and
a second call changes nothing.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pickle import UnpicklingError
from typing import Any, Callable, Dict, List

import numpy as np
import torch
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from mmengine.utils import digit_version


def mend() -> None:
    """Make checkpoints loadable and ``mmchanpos::`` known; idempotent."""
    allow_mmengine_checkpoints()
    name_packages()


def safe_loader() -> bool:
    """Whether torch's safe loader can read a checkpoint of mmengine.

    From torch 2.6 on it is the default and takes stand-ins by name, which
    :func:`allow_mmengine_checkpoints` needs. Before, torch's own default
    holds.
    """
    return digit_version(torch.__version__) >= digit_version('2.6')


def allow_mmengine_checkpoints() -> None:
    """Let torch's safe loader read what mmengine stores in a checkpoint.

    A checkpoint of mmengine 0.10 holds its message hub (history buffers
    around numpy arrays, and numpy scalars) and the states of its schedulers.
    What these need, and nothing else, is listed here; the loader stays safe,
    so a pickle that calls anything else is refused.
    """
    if safe_loader():
        torch.serialization.add_safe_globals(
            [
                HistoryBuffer,
                (_method, 'builtins.getattr'),
                (_OneCycle, _name_of(OneCycleParamScheduler)),
                *_numpy_parts(),
            ]
        )


def _name_of(cls: type) -> str:
    return f'{cls.__module__}.{cls.__qualname__}'


class _OneCycle:
    """Stands in for the class, so that no checkpoint can build a scheduler."""


def _method(owner: Any, name: str) -> Callable:
    """Stands in for ``getattr``, which alone would open every door.

    Pickle writes a method as ``getattr(class, name)``. A history buffer
    stores its statistics (mean, max, ...) so, and a one-cycle schedule its
    curve; these are given, and nothing else.
    """
    methods: Dict[str, Callable] = {}
    if owner is HistoryBuffer:
        methods = HistoryBuffer([], [])._statistics_methods
    elif owner is _OneCycle:
        for curve in ('_annealing_cos', '_annealing_linear'):
            methods[curve] = getattr(OneCycleParamScheduler, curve)
    if name not in methods:
        raise UnpicklingError(f'Unsupported global: GLOBAL getattr.{name}')
    return methods[name]


def _numpy_parts() -> List:
    core = np._core if hasattr(np, '_core') else np.core
    # numpy 2 moved these; files written by either version are read.
    parts: List = [
        (function, f'numpy.{room}.multiarray.{function.__name__}')
        for function in (core.multiarray._reconstruct, core.multiarray.scalar)
        for room in ('core', '_core')
    ]
    # Since numpy 1.25 a dtype has a class of its own, which the loader asks
    # for as well.
    dtypes = {type(np.dtype(code)) for code in '?bBhHiIlLqQefdUS'}
    return [*parts, np.ndarray, np.dtype, *dtypes]


def name_packages() -> None:
    """Teach mmengine the names behind ``mmchanpos::`` and ``mmseg::``.

    mmengine resolves ``pkg::`` through a fixed table of distributions. Ours
    is not in it, and the maintained fork of mmsegmentation goes by another
    name than the table has.
    """
    # Not the distribution but a module: for a distribution mmengine guesses
    # a folder, wrongly for an editable install; a module it really looks up.
    MODULE2PACKAGE.setdefault('mmchanpos', 'mmchanpos.version')
    package = MODULE2PACKAGE['mmseg']
    if _distributed(f'onedl-{package}') and not _distributed(package):
        MODULE2PACKAGE['mmseg'] = f'onedl-{package}'


def _distributed(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
