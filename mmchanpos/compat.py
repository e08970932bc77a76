"""Two mends for mmengine that everything else relies on.

Both only add to public tables of torch and mmengine; nothing is patched, and
a second call changes nothing.
"""

from importlib.metadata import PackageNotFoundError, distribution
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

    mmengine resolves ``pkg::`` through a fixed table of distributions. Ours
    is not in it, and the maintained fork of mmsegmentation goes by another
    name than the table has.
    """
    from mmengine.config.utils import MODULE2PACKAGE

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
