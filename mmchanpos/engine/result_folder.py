"""A folder of results belongs to one run, and one process writes to it.

``owner.json`` says whose the results are: config, data and weights. Another
run is refused and told whose they are, unless it takes the folder over, with
nothing of the old left in it. A lock on the folder itself, which the system
drops with the process, lets a second run of the same work wait. What is there
already of just the same work is not measured again.
"""

import fcntl
import os
import shlex
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import (
    Any,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    TypeVar,
)

import msgspec

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, write_json
from mmchanpos.formats import read_typed
from mmchanpos.latent.sweep import FILES

from .cli import say
from .distributed import first_alone
from .provenance import changed

_NAME = 'owner.json'
#: What a ranking leaves.
RANKED = ('ranking.json', 'deltas.npz', 'erasers.npz')
_FILES = (*RANKED, *FILES, 'unfinished-*')
#: What tools of ours write into such a folder, as patterns.
HOLDS = (
    *(depth + file for depth in ('', '*/', 'rank/*/') for file in _FILES),
    '[0-9]/*',
    'report/*',
    'report.html',
)
#: Folders that this process has locked, with what keeps the lock.
_HELD: dict[Path, Optional[int]] = {}


class Owner(msgspec.Struct):
    """Whose results a folder holds: names, and the digest of the weights."""

    config: Optional[str] = None
    dataset: Optional[str] = None
    checkpoint: Optional[str] = None
    checkpoint_sha256: Optional[str] = None
    command: str = ''

    def same(self, other: 'Owner') -> bool:
        """Whether two runs are of the same config, data and weights."""
        # Weights behind an address have no digest.
        keys = ['config', 'dataset', 'checkpoint_sha256']
        keys += ['checkpoint'] * (self.checkpoint_sha256 is None)
        return all(getattr(self, k) == getattr(other, k) for k in keys)

    def __str__(self) -> str:
        return (
            f'config {self.config}, data {self.dataset}, checkpoint '
            f'{self.checkpoint} ({(self.checkpoint_sha256 or "?")[:8]})'
        )


@contextmanager
def claimed(*args: Any, **kwargs: Any) -> Iterator[None]:
    """Have a folder for oneself; arguments as of :func:`claim`."""
    try:
        claim(*args, **kwargs)
        yield
    finally:
        release(args[0])


def claim(
    folder: PathLike,
    about: dict[str, Any],
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
        holds (Iterable[str]): Patterns of all that runs write there.
            Defaults to those of rankings, sweeps and their reports.
    """
    first_alone(_claim, Path(folder), about, overwrite, holds)


T = TypeVar('T')


def earlier(
    what: str,
    file: Path,
    read: Callable[[Path], tuple[T, Any]],
    decided_by: Mapping[str, str],
    fresh: bool = False,
) -> Optional[T]:
    """What an earlier run left of just the same work; says why not, if so.

    Args:
        what (str): Says that it is there, as in ``'this very probe is'``.
        file (Path): Where it lies.
        read (Callable): Reads it with all that belongs to it, so that what is
            missing or damaged is made anew, and gives what decided it too.
        decided_by (Mapping): What decides the result of this run.
        fresh (bool): Take nothing. Defaults to False.
    """
    if not file.is_file():
        return None
    try:
        found, theirs = read(file)
        why = '--fresh was given' if fresh else changed(theirs, decided_by)
    except InputError as e:
        why = str(e)
    if why:
        say(f'starts anew: {why} ({file})')
        return None
    say(f'{what} there already: {file}')
    return found


def _claim(
    folder: Path, about: dict[str, Any], overwrite: bool, holds: Iterable[str]
) -> None:
    command = shlex.join([Path(sys.executable).name, *sys.argv])
    mine = msgspec.convert({**about, 'command': command}, Owner)
    folder.mkdir(parents=True, exist_ok=True)
    busy = not _lock(folder, wait=False)
    theirs = owner_of(folder)
    if theirs is not None and not theirs.same(mine):
        if busy or not overwrite:
            has = 'is being written by' if busy else 'holds the results of'
            over = (
                ', or take this one over (--overwrite, or '
                'test_cfg.overwrite=True)'
            )
            raise InputError(
                f'{folder} {has} another run:\n  {theirs}\n  '
                f'{theirs.command}\nThis run has:\n  {mine}\nGive another '
                f'folder (--out, --work-dir){"" if busy else over}.'
            )
        say(f'{folder} is taken over; what it held of {theirs} is removed')
        clear(folder, holds)
    if busy:
        say(f'waiting for another run that is writing to {folder}')
        _lock(folder, wait=True)
        # It may be another run's now, which had not said so yet.
        return _claim(folder, about, overwrite, holds)
    write_json(folder / _NAME, msgspec.to_builtins(mine))


def owner_of(folder: PathLike) -> Optional[Owner]:
    """Whose results lie in a folder, where that is known."""
    file = Path(folder) / _NAME
    try:
        return read_typed(file, Owner)
    except InputError:  # none, or cut off: then nobody's
        return None


def clear(folder: PathLike, holds: Iterable[str]) -> None:
    """Remove what runs of ours write below a folder, and nothing else."""
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


def _lock(folder: Path, wait: bool) -> bool:
    """Have the lock of a folder; False if another process has it."""
    key = folder.resolve()
    if key in _HELD:
        return True
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        return False
    except OSError:  # a disk without locks
        os.close(handle)
        handle = None
    _HELD[key] = handle
    return True
