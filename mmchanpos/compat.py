"""Two mends for mmengine that everything else relies on.

Both only add to public tables of torch and mmengine; nothing is patched, and
a second call changes nothing.
"""

from importlib.util import find_spec
from typing import List

import numpy as np
import torch


def mend() -> None:
    """Make checkpoints loadable and ``mmchanpos::`` known; idempotent."""
    allow_mmengine_checkpoints()
    name_packages()


def allow_mmengine_checkpoints() -> None:
    """Let torch's safe loader read what mmengine stores in a checkpoint.

    From torch 2.6 on ``torch.load`` refuses every class that is not listed. A
    checkpoint of mmengine 0.10 holds its message hub: history buffers around
    numpy arrays, and numpy scalars. These, and nothing else, are listed here;
    the loader stays safe, so a pickle that calls anything else is refused.
    """
    add = getattr(torch.serialization, 'add_safe_globals', None)
    if add is None:  # torch before 2.4 has no safe list
        return
    from mmengine.logging.history_buffer import HistoryBuffer

    add([HistoryBuffer, *_numpy_parts()])


def _numpy_parts() -> List:
    core = np._core if hasattr(np, '_core') else np.core
    parts = [
        core.multiarray._reconstruct,
        core.multiarray.scalar,
        np.ndarray,
        np.dtype,
    ]
    # Since numpy 1.25 a pickled dtype names its own class.
    parts += [type(np.dtype(code)) for code in '?bBhHiIlLqQefdUS']
    return list(dict.fromkeys(parts))


def name_packages() -> None:
    """Teach mmengine the names behind ``mmchanpos::`` and ``mmseg::``.

    mmengine resolves ``pkg::`` through a fixed table. Ours is not in it, and
    the maintained fork of mmsegmentation has another distribution name.
    """
    from mmengine.config.utils import MODULE2PACKAGE

    MODULE2PACKAGE.setdefault('mmchanpos', 'mmchanpos')
    for module, package in list(MODULE2PACKAGE.items()):
        fork = f'onedl-{package}'
        if (
            find_spec(module)
            and not _distributed(package)
            and _distributed(fork)
        ):
            MODULE2PACKAGE[module] = fork


def _distributed(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True
