"""A folder of results belongs to one run, and one process writes to it.

``owner.json`` says whose the results are: config, data and weights. Another
run is refused and told whose they are, unless it takes the folder over, with
nothing of the old left in it. A lock on the folder itself, which the system
drops with the process, lets a second run of the same work wait.
"""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any, Dict, Iterable, Optional

import msgspec
from mmengine.dist import broadcast_object_list, is_main_process

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, write_json
from mmchanpos.formats import read_typed

from .cli import say

try:
    import fcntl
except ImportError:  # no locks on Windows
    fcntl = None

_NAME = 'owner.json'
#: What tools of ours write into such a folder, as patterns.
_HOLDS = (
    'ranking.json',
    'deltas.npz',
    'erasers.npz',
    'sweep.json',
    'sweep.npz',
    'rankings.json',
    'examples.npz',
    'atlas.npz',
    'unfinished-*',
)
HOLDS = (
    *_HOLDS,
    *(f'*/{pattern}' for pattern in _HOLDS),
    'rank/*/ranking.json',
    'rank/*/deltas.npz',
    'rank/*/erasers.npz',
    '[0-9]/*',
    'report/*',
    'report.html',
)
#: Folders that this process has locked, with what keeps the lock.
_HELD: Dict[Path, Optional[int]] = {}


class Owner(msgspec.Struct):
    """Whose results a folder holds.

    Attributes:
        config, dataset, checkpoint (str, optional): By name.
        checkpoint_sha256 (str, optional): Of its content.
        command (str): What wrote them.
    """

    config: Optional[str] = None
    dataset: Optional[str] = None
    checkpoint: Optional[str] = None
    checkpoint_sha256: Optional[str] = None
    command: str = ''

    def same(self, other: 'Owner') -> bool:
        """Whether two runs are of the same config, data and weights."""
        return self._key() == other._key()

    def _key(self) -> tuple:
        return self.config, self.dataset, self.checkpoint_sha256

    def __str__(self) -> str:
        return (
            f'config {self.config}, data {self.dataset}, checkpoint '
            f'{self.checkpoint} ({(self.checkpoint_sha256 or "?")[:8]})'
        )


def claim(
    folder: PathLike,
    about: Dict[str, Any],
    overwrite: bool = False,
    holds: Iterable[str] = HOLDS,
) -> None:
    """Take a folder for a run before anything is written to it.

    Args:
        folder (PathLike): Where results go; it is made.
        about (dict): What :func:`mmchanpos.engine.provenance.provenance`
            says of the run.
        overwrite (bool): Take over what belongs to another run: all that it
            holds is removed. Defaults to False.
        holds (iterable of str): Patterns of all that runs write there.
            Defaults to those of rankings, sweeps and their reports.
    """
    problem = [None]
    if is_main_process():
        try:
            _claim(Path(folder), about, overwrite, holds)
        except (InputError, OSError) as e:
            problem = [e]
    # All processes end with the same error, or none does.
    broadcast_object_list(problem)
    if problem[0] is not None:
        raise problem[0]


def _claim(
    folder: Path, about: Dict[str, Any], overwrite: bool, holds: Iterable[str]
) -> None:
    command = shlex.join([Path(sys.executable).name, *sys.argv])
    mine = msgspec.convert({**about, 'command': command}, Owner)
    folder.mkdir(parents=True, exist_ok=True)
    _lock(folder, mine)
    theirs = owner_of(folder)
    if theirs is not None and not theirs.same(mine):
        if not overwrite:
            raise InputError(
                f'{folder} holds the results of another run:\n  {theirs}\n  '
                f'{theirs.command}\nThis run has:\n  {mine}\nGive another '
                'folder (--out, --work-dir), or take this one over '
                '(--overwrite, or test_cfg.overwrite=True).'
            )
        say(f'{folder} is taken over; what it held of {theirs} is removed')
        clear(folder, holds)
    write_json(folder / _NAME, msgspec.to_builtins(mine))


def owner_of(folder: PathLike) -> Optional[Owner]:
    """Whose results lie in a folder, where that is known."""
    file = Path(folder) / _NAME
    try:
        return read_typed(file, Owner)
    except InputError:  # none, or cut off: then nobody's
        return None


def clear(folder: PathLike, holds: Iterable[str]) -> None:
    """Remove what runs of ours write, and nothing else.

    Args:
        folder (PathLike): Where.
        holds (iterable of str): Patterns below it.
    """
    folder = Path(folder)
    for pattern in holds:
        for path in sorted(folder.glob(pattern)):
            if path.parent != folder and (path.parent / _NAME).exists():
                continue  # of a run of its own
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def release(folder: PathLike) -> None:
    """Let other processes have a folder that this one has claimed."""
    handle = _HELD.pop(Path(folder).resolve(), None)
    if handle is not None:
        # Closing is not enough: processes of loaders have it open too.
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _lock(folder: Path, mine: Owner) -> None:
    key = folder.resolve()
    if fcntl is None or key in _HELD:
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        theirs = owner_of(folder)
        if theirs is not None and not theirs.same(mine):
            os.close(handle)
            raise InputError(
                f'{folder} is being written by another run:\n  {theirs}\n  '
                f'{theirs.command}\nGive another --out.'
            ) from None
        say(f'waiting for another run that is writing to {folder}')
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError:  # a disk without locks
        os.close(handle)
        handle = None
    _HELD[key] = handle
