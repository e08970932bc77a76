"""Check before building that a config's packages import and its types exist.

mmengine swallows an ImportError inside a host and later says "X is not in
the registry". Here the host is imported first, so the true reason shows.
"""

import importlib
from functools import cache
from typing import Any

from mmengine.config import Config

from mmchanpos import registry
from mmchanpos.errors import InputError, choose

from .cli import say
from .hosts import HOSTS, size_of_tests, stride_of
from .nested import dicts

_say_once = cache(say)


def preflight(cfg: Config) -> None:
    """Import the hosts that a config needs and look up our own types."""
    for host in sorted(needed_hosts(cfg)):
        import_host(host)
    for name in sorted(_named(cfg, 'type')):
        # A config of pure Python names classes by the path of their import.
        if name.startswith('mmchanpos.') and name.count('.') == 1:
            _check_ours(name)
    _look_at_size(cfg)


def _look_at_size(cfg: Config) -> None:
    size = size_of_tests(cfg)
    backbone = (cfg.get('model') or {}).get('backbone')
    if size is None or not isinstance(backbone, dict):
        return
    stride = stride_of(backbone)
    # A multiple and one more has places at both edges: it is centred.
    if all(side % stride in (0, 1) for side in size):
        return
    height, width = size
    _say_once(
        f'warning: images are tested at {height} x {width}, which is no '
        f'multiple of the stride of {stride}: the map lies up to '
        f'{stride // 2} pixels off from where the image is, more so for one '
        'mirrored. To pad: '
        f'data_preprocessor=dict(pad_size_divisor={stride}), or Pad in the '
        'test pipeline.'
    )


def needed_hosts(cfg: Config) -> set[str]:
    """Hosts that a config names by scope or by a prefixed type."""
    types = _named(cfg, 'type')
    scopes = {name.split('.')[0] for name in types if '.' in name}
    scopes |= _named(cfg, '_scope_')
    return (scopes | {cfg.get('default_scope') or 'mmengine'}) & set(HOSTS)


def import_host(host: str) -> None:
    """Import a host with all it registers, or tell the true reason why not."""
    try:
        for room in ('models', 'datasets', 'evaluation', 'engine'):
            importlib.import_module(f'{host}.{room}')
    except Exception as e:
        if isinstance(e, ModuleNotFoundError) and e.name == host:
            raise InputError(
                f'this config needs {host}, which is not installed: '
                f"pip install '{HOSTS[host]}'"
            ) from e
        raise InputError(
            f'this config needs {host}, which does not import: '
            f'{type(e).__name__}: {e}. See: python tools/misc/check_env.py'
        ) from e


def _check_ours(name: str) -> None:
    short = name[len('mmchanpos.') :]
    known: dict[str, Any] = {}
    nodes = [
        node
        for node in vars(registry).values()
        if isinstance(node, registry.Registry) and node.scope == 'mmchanpos'
    ]
    # Models come last, as they import every host that is installed.
    for node in sorted(nodes, key=lambda node: node is registry.MODELS):
        node.import_from_location()
        if short in node.module_dict:
            return
        known.update(node.module_dict)
    choose(known, short, 'mmchanpos has no type')


def _named(cfg: Config, key: str) -> set[str]:
    found = (part.get(key) for part in dicts(cfg.to_dict()))
    return {name for name in found if isinstance(name, str)}
