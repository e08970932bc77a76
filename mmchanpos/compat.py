"""What torch and mmengine need before anything of ours runs.

Three mends add to public tables of theirs, one sets a flag of the processor,
one takes the place of a slow function and one that of an unsafe one; a second
call changes nothing.
"""

from pickle import UnpicklingError
from typing import Any, Callable, Optional

import torch
import yaml
from mmengine.config import Config
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.fileio import YamlHandler, register_handler
from mmengine.logging import HistoryBuffer
from mmengine.optim.scheduler.param_scheduler import OneCycleParamScheduler
from mmengine.utils import digit_version

from .engine.hosts import PACKAGES
from .safe_numpy import stand_ins

_YAML = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


def repair() -> None:
    """Make checkpoints loadable and ``mmchanpos::`` known; idempotent."""
    # Before the first parallel operation: threads take the flag from the one
    # that starts them. Weight decay leaves dead channels at 1e-40, and a
    # processor that keeps such denormal numbers is up to 35 times slower.
    torch.set_flush_denormal(True)
    allow_mmengine_checkpoints()
    load_as_allowed()
    name_packages()
    find_bases_quickly()


def allow_mmengine_checkpoints() -> None:
    """Let torch's safe loader read what mmengine stores in a checkpoint.

    A checkpoint of mmengine 0.10 holds its message hub (history buffers
    around numpy arrays, and numpy scalars) and the states of its schedulers.
    What these need, and nothing else, is listed here; the loader stays safe,
    so a pickle that calls anything else is refused. Where torch's own default
    is to run whatever a file says (before 2.6), nothing of ours starts.
    """
    if digit_version(torch.__version__) < digit_version('2.6'):
        raise ImportError(
            f'mmchanpos needs torch 2.6 or later, not {torch.__version__}: '
            'before, reading a checkpoint may run code that is in it.'
        )
    one_cycle = f'{OneCycleParamScheduler.__module__}.OneCycleParamScheduler'
    torch.serialization.add_safe_globals(
        [
            HistoryBuffer,
            (_method, 'builtins.getattr'),
            (_OneCycle, one_cycle),
            *stand_ins(),
        ]
    )


def load_as_allowed() -> None:
    """Let the maintained fork of mmengine read with our list and no other.

    It allows the whole of ``getattr`` while it reads, takes away afterwards
    what it and we both allow, and a file that is refused nevertheless is read
    again and may run what it says.
    """
    if PACKAGES['mmengine'].distribution == 'onedl-mmengine':
        from mmengine.runner import checkpoint

        checkpoint._safe_torch_load = lambda file, map_location=None, **_: (
            torch.load(file, map_location=map_location, weights_only=True)
        )


class _OneCycle:
    """Stands in for the class, so that no checkpoint can build a scheduler."""


def _method(owner: Any, name: str) -> Callable:
    """Stands in for ``getattr``, which alone would open every door.

    Pickle writes a method as ``getattr(class, name)``. A history buffer
    stores its statistics (mean, max, ...) so, and a one-cycle schedule its
    curve; these are given, and nothing else.
    """
    methods: dict[str, Callable] = {}
    if owner is HistoryBuffer:
        methods = HistoryBuffer([], [])._statistics_methods
    elif owner is _OneCycle and name in (
        '_annealing_cos',
        '_annealing_linear',
    ):
        return getattr(OneCycleParamScheduler, name)
    if name not in methods:
        raise UnpicklingError(f'Unsupported global: GLOBAL getattr.{name}')
    return methods[name]


@register_handler(['yaml', 'yml'])
class _SafeYaml(YamlHandler):
    """For mmengine: YAML whose tags build no objects of Python."""

    def load_from_fileobj(self, file: Any, **kwargs: Any) -> Any:
        return yaml.load(file, Loader=_YAML)


def name_packages() -> None:
    """Teach mmengine the names behind ``mmchanpos::`` and ``mmseg::``.

    mmengine resolves ``pkg::`` through a fixed table of distributions. Ours
    is not in it, and the maintained fork of mmsegmentation goes by another
    name than the table has.
    """
    # Not the distribution but a module: for a distribution mmengine guesses
    # a folder, wrongly for an editable install; a module it really looks up.
    MODULE2PACKAGE.setdefault('mmchanpos', 'mmchanpos.version')
    distribution = PACKAGES['mmseg'].distribution
    if distribution is not None:
        MODULE2PACKAGE['mmseg'] = distribution


def find_bases_quickly() -> None:
    """Find a ``pkg::`` base of a config where its package keeps its configs.

    mmengine looks there too, but reads all metafiles of the package before,
    for every base anew: 2.5 s for a config of ours with five of them.
    """
    find = Config._get_cfg_path

    def find_base(path: str, file: str) -> tuple[str, Optional[str]]:
        # It imports what needs us.
        from .engine.config import package_configs

        package, _, name = path.partition('::')
        if name and package in MODULE2PACKAGE:
            base = package_configs(package) / name
            if base.is_file():
                return str(base), package
        return find(path, file)

    if find.__name__ != find_base.__name__:
        Config._get_cfg_path = staticmethod(find_base)
