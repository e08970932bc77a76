"""Probe a model, or read what an earlier run found of just the same."""

from pathlib import Path
from typing import Any, Dict, Optional

from mmengine.config import Config

from mmchanpos.errors import InputError
from mmchanpos.files import read_json, write_json

from .checkpoint import check_checkpoint
from .cli import say
from .probe import probe
from .provenance import changed, decided_by, fingerprint, provenance_of
from .result_folder import claim, release

#: What a probe and its report write.
HOLDS = ('probe.json', 'results.*', 'table-*', '*.png', '*.svg', '*.csv')


def probe_once(
    folder: Path,
    cfg: Config,
    checkpoint: Optional[str],
    data: Config,
    fresh: bool = False,
    overwrite: bool = False,
    **what: Any,
) -> Dict[str, Any]:
    """Probe into a folder that belongs to one run.

    Args:
        folder (Path): Takes ``probe.json``.
        cfg (Config): Config with the model.
        checkpoint (str, optional): Its weights.
        data (Config): Config whose loaders place images on a grid.
        fresh (bool): Probe again in any case. Defaults to False.
        overwrite (bool): Take over a folder of another run. Defaults to
            False.
        **what: More for :func:`mmchanpos.engine.probe.probe`.

    Returns:
        dict: What ``probe`` gives.
    """
    if checkpoint is not None:
        check_checkpoint(checkpoint)
    facts = dict(what, recipe=vars(what['recipe']), data=data.to_dict())
    parts = decided_by(cfg, checkpoint, None, **facts)
    file = folder / 'probe.json'
    try:
        claim(folder, provenance_of(cfg, checkpoint), overwrite, HOLDS)
        found = None if fresh else _found(file, parts)
        if found is None:
            found = dict(probe(cfg, checkpoint, data, **what))
            write_json(file, dict(found, decided_by=parts))
        return found
    finally:
        release(folder)


def _found(file: Path, parts: Dict[str, str]) -> Optional[Dict[str, Any]]:
    if not file.is_file():
        return None
    try:
        content = read_json(file)
        made_by = content.get('decided_by')
        if fingerprint(made_by or {}) == fingerprint(parts):
            say(f'this very probe is there already: {file}')
            return content
        why = changed(made_by, parts)
    except (InputError, AttributeError) as e:
        why = str(e)
    say(f'starts anew: {why} ({file})')
    return None
