"""What an earlier run has left of the very same sweep."""

from pathlib import Path
from typing import Dict, Mapping, Optional

from mmchanpos.engine.cli import say
from mmchanpos.engine.provenance import changed, fingerprint
from mmchanpos.errors import InputError
from mmchanpos.latent.sweep import Sweep


def earlier(
    file: Path, decided_by: Mapping[str, str], fresh: bool
) -> Optional[Dict[str, Optional[float]]]:
    """Metrics of a whole earlier sweep; says why there are none.

    Args:
        file (Path): Its ``sweep.json``. All that it names is read too, so
            that what is missing or damaged is made anew.
        decided_by (Mapping): What this sweep depends on.
        fresh (bool): Take nothing.

    Returns:
        dict: Metrics of the reference, or None.
    """
    if not file.is_file():
        return None
    try:
        found = Sweep.load(file)
        why = changed(found.decided_by, decided_by)
        if fresh:
            why = '--fresh was given'
        elif found.fingerprint == fingerprint(decided_by):
            say(f'this very sweep is there already: {file}')
            return dict(found.rows[0].metrics)
    except InputError as e:
        why = str(e)
    say(f'starts anew: {why} ({file})')
    return None
