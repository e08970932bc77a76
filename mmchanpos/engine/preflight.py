"""Check before building that a config's packages import and its types exist.

mmengine swallows an ImportError inside a host and later says "X is not in
the registry". Here the host is imported first, so the true reason shows.
"""

import importlib
from typing import Any, Iterator, Set

from mmengine.config import Config

from mmchanpos import registry
from mmchanpos.errors import InputError, nearest

from .hosts import HOSTS


def preflight(cfg: Config) -> None:
    """Import the hosts that a config needs and look up our own types.

    Args:
        cfg (Config): A complete config.

    Raises:
        InputError: If a host is missing or broken, or a type of ours unknown.
    """
    for host in sorted(needed_hosts(cfg)):
        import_host(host)
    for name in sorted(set(_types(cfg.to_dict()))):
        if name.startswith('mmchanpos.'):
            _check_ours(name)


def needed_hosts(cfg: Config) -> Set[str]:
    """Hosts that a config names by scope or by a prefixed type.

    Args:
        cfg (Config): A complete config.

    Returns:
        Set[str]: Of ``mmpretrain``, ``mmseg`` and ``mmdet``.
    """
    content = cfg.to_dict()
    names = {name.split('.')[0] for name in _types(content) if '.' in name}
    names |= set(_values(content, '_scope_'))
    names.add(content.get('default_scope') or 'mmengine')
    return names & set(HOSTS)


def import_host(host: str) -> None:
    """Import a host with all it registers, or tell the true reason why not.

    Args:
        host (str): ``mmpretrain``, ``mmseg`` or ``mmdet``.
    """
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
    known: Set[str] = set()
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
        known |= set(node.module_dict)
    raise InputError(f'type "{name}" does not exist. {nearest(short, known)}')


def _types(value: Any) -> Iterator[str]:
    return _values(value, 'type')


def _values(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get(key), str):
            yield value[key]
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for child in value:
            yield from _values(child, key)
