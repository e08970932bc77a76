"""Where a result comes from: config, data, weights."""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict

from mmengine.runner import Runner

from .checkpoint import (
    REMOTE,
    checkpoint_sha256,
    read_checkpoint,
    state_dict_of,
)
from .dead_weights import dead_weights, told


def provenance(runner: Runner) -> Dict[str, Any]:
    """Config, data set and checkpoint of a run, for rankings and reports.

    Args:
        runner (Runner): Its test data and its ``load_from`` are described.

    Returns:
        dict: ``config``, ``dataset``, ``checkpoint``, ``checkpoint_sha256``
        and how many ``weights`` are dead; None where there is none.
    """
    weights = runner._load_from
    local = (
        bool(weights)
        and not REMOTE.match(str(weights))
        and Path(weights).is_file()
    )
    return {
        'config': _named(getattr(runner.cfg, 'filename', None)),
        'dataset': _dataset(runner.cfg.get('test_dataloader')),
        'checkpoint': _named(weights),
        'checkpoint_sha256': checkpoint_sha256(weights) if local else None,
        'weights': _weights(weights) if local else None,
    }


def fingerprint(runner: Runner, **facts: Any) -> str:
    """A name for everything that a result depends on.

    Args:
        runner (Runner): Model, test data, metric and weights count.
        **facts: What else counts, as JSON can hold it.

    Returns:
        str: The same for the same work, and another one for any other.
    """
    names = ('model', 'test_dataloader', 'test_evaluator', 'tta_model')
    facts['settings'] = repr([runner.cfg.get(name) for name in names])
    facts['about'] = provenance(runner)
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _weights(checkpoint: str) -> str:
    return told(dead_weights(state_dict_of(read_checkpoint(checkpoint))))


def _named(path: Any) -> Any:
    # The name says enough, and a report may be passed on.
    return None if path is None else Path(str(path)).name


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
