"""Where a result comes from, and all that decides it."""

import hashlib
import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

from mmengine.config import Config

from mmchanpos.version import __version__

from .checkpoint import (
    REMOTE,
    checkpoint_sha256,
    read_checkpoint,
    state_dict_of,
)
from .dead_weights import dead_weights, in_words
from .nested import listed, nodes

#: Settings that cannot change what a test finds, and how others begin: those
#: of trainings and of what is written.
_IDLE = {
    'work_dir',
    'launcher',
    'env_cfg',
    'experiment_name',
    'resume',
    'load_from',
    'model_wrapper_cfg',
    'find_unused_parameters',
    'auto_scale_lr',
    'optim_wrapper',
    'param_scheduler',
    # Of the loops; what matters of theirs they say themselves.
    'test_cfg',
}
_IDLE_HEADS = ('train_', 'val_', 'log_', 'vis')
#: The same among the hooks, and among the settings of a loader.
_IDLE_HOOKS = {
    'timer',
    'logger',
    'param_scheduler',
    'checkpoint',
    'sampler_seed',
    'visualization',
    'checkpoint_guard',
    'data_guard',
}
_IDLE_LOADER = {
    'num_workers',
    'persistent_workers',
    'pin_memory',
    'prefetch_factor',
}
#: Larger files are told by name, size and time of change.
_READ_UP_TO = 32 << 20


def provenance(cfg: Config, weights: Optional[str]) -> dict[str, Any]:
    """Where a result of this config and checkpoint comes from.

    Returns:
        dict: ``config``, ``dataset``, ``checkpoint``, ``checkpoint_sha256``
        and how many ``weights`` are dead; None where there is none.
    """
    return {
        'config': _named(cfg.filename or vars(cfg).get('_given')),
        'dataset': _dataset(cfg.get('test_dataloader')),
        'checkpoint': _named(weights),
        **_about_weights(weights),
    }


def _about_weights(weights: Optional[str]) -> dict[str, Optional[str]]:
    weights = os.path.expanduser(weights or '')
    if REMOTE.match(weights) or not os.path.isfile(weights):
        return {'checkpoint_sha256': None, 'weights': None}
    return _read_once(weights, _stat(weights))


@lru_cache(maxsize=16)
def _read_once(path: str, stat: Any) -> dict[str, Optional[str]]:
    # A run asks several times, and reading a large file takes a while.
    dead = dead_weights(state_dict_of(read_checkpoint(path)))
    return {
        'checkpoint_sha256': checkpoint_sha256(path),
        'weights': in_words(dead),
    }


def decided_by(
    cfg: Config, weights: Optional[str], dataset: Any, **facts: Any
) -> dict[str, str]:
    """Digests of all that a result depends on, by what a user calls it.

    The whole config counts, except what cannot matter (logs, workers, the
    work folder, training); so do the weights, every list and annotation that
    is named in it, by content, and every image, by size and time of change.

    Args:
        cfg (Config): Complete.
        weights (str, optional): Checkpoint.
        dataset (BaseDataset | list): The data, built.
        **facts: What else counts, as JSON can hold it.

    Returns:
        dict: The same for the same work; see :func:`fingerprint`.
    """
    settings = _settings(cfg.to_dict())
    of_data = [settings.get(f'test_{x}') for x in ('dataloader', 'evaluator')]
    return {
        'the settings': _digest(settings),
        'the weights': _digest(
            _about_weights(weights)['checkpoint_sha256'] or weights
        ),
        'lists or annotations': _digest(_files([of_data, facts])),
        'images or labels': _digest(_images(listed(dataset))),
        'what was asked for': _digest(facts),
        'the version of mmchanpos': __version__,
    }


def fingerprint(parts: Mapping[str, str]) -> str:
    """One name for all that a result depends on."""
    return _digest(dict(parts))


def changed(before: Any, now: Mapping[str, str]) -> str:
    """What of :func:`decided_by` is another now, in words; '' if nothing is.

    Example:
        >>> changed(dict(data='a', weights='b'), dict(data='a', weights='c'))
        'weights changed'
    """
    if before == dict(now):
        return ''
    before = before if isinstance(before, Mapping) else {}
    names = [name for name in now if before.get(name) != now[name]]
    if len(names) == len(now):
        return 'it is of another run or version'
    return f'{" and ".join(names)} changed'


def _settings(cfg: dict[str, Any]) -> dict[str, Any]:
    kept = _without(cfg, _IDLE | {k for k in cfg if k.startswith(_IDLE_HEADS)})
    kept['default_hooks'] = _without(kept.get('default_hooks'), _IDLE_HOOKS)
    loader = kept.get('test_dataloader')
    kept['test_dataloader'] = _without(loader, _IDLE_LOADER)
    return kept


def _without(settings: Any, names: set[str]) -> dict[str, Any]:
    return {k: v for k, v in (settings or {}).items() if k not in names}


def _files(settings: Any) -> dict[str, Any]:
    """What the files hold that settings name, whatever for."""
    # Longer ones name no file, and asking the system would fail.
    texts = {
        text
        for text in nodes(settings)
        if isinstance(text, str) and 0 < len(text) < 1000 and '\0' not in text
    }
    roots = {text for text in texts if os.path.isdir(text)} | {''}
    paths = {os.path.join(root, text) for root in roots for text in texts}
    return {
        path: checkpoint_sha256(path)
        if os.path.getsize(path) <= _READ_UP_TO
        else _stat(path)
        for path in sorted(filter(os.path.isfile, paths))
    }


def _images(datasets: Sequence[Any]) -> dict[str, Any]:
    """Size and time of change of all that data sets read."""
    found: dict[str, Any] = {}
    for dataset in datasets:
        # Sets in memory have no paths, and their samples are costly to make.
        if hasattr(dataset, 'fetch') or not hasattr(dataset, 'get_data_info'):
            continue
        for info in map(dataset.get_data_info, range(len(dataset))):
            paths = [v for k, v in info.items() if str(k).endswith('_path')]
            if not paths:
                break
            for path in paths:
                if isinstance(path, (str, Path)):
                    found[str(path)] = _stat(path)
    return found


def _stat(path: Any) -> Any:
    try:
        about = os.stat(path)
    except (OSError, ValueError):  # reading it will tell
        return None
    return about.st_size, about.st_mtime_ns


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=_said)
    return hashlib.sha256(text.encode()).hexdigest()


def _said(value: Any) -> str:
    # Functions and classes by name: their repr holds an address.
    return getattr(value, '__qualname__', None) or repr(value)


def _named(path: Any) -> Any:
    # The name says enough, and a report may be passed on; of an address all
    # but what may be a key does.
    if path is None or REMOTE.match(str(path)):
        return path if path is None else str(path).partition('?')[0]
    return Path(str(path)).name


def _dataset(dataloader: Any) -> Any:
    if not isinstance(dataloader, dict):
        return None
    dataset = dataloader.get('dataset', {})
    parts = [dataset.get('type'), dataset.get('data_root')]
    prefix = dataset.get('data_prefix')
    if isinstance(prefix, dict):
        parts += [prefix.get('img_path') or prefix.get('img')]
    parts += [dataset.get('ann_file')]
    return ' '.join(str(part) for part in parts if part)
