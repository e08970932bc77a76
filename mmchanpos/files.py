"""Read and write result files so that a kill or a full disk leaves no ruin."""

import json
import math
import os
import re
import socket
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from tokenize import TokenError
from typing import Any, Iterator, Union
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError

import numpy as np

from .errors import InputError, nearest

PathLike = Union[str, os.PathLike]
#: Tells temporary files of this machine from those of others that share a
#: disk, whose processes cannot be looked up.
_HOST = sha256(socket.gethostname().encode()).hexdigest()[:6] + 'p'
#: What numpy raises for a file that is cut off, damaged, or of another kind.
_UNREADABLE = (
    ValueError,
    OSError,
    EOFError,
    AttributeError,
    NotImplementedError,
    TokenError,
    BadZipFile,
    ZlibError,
)


@contextmanager
def atomic_path(path: PathLike) -> Iterator[Path]:
    """Give a temporary file beside ``path`` and rename it when all went well.

    Args:
        path (PathLike): The file to be written. Its folder is made.

    Yields:
        Path: Where to write. It keeps the suffix, since ``numpy`` and
        ``matplotlib`` choose their format by it.

    Example:
        >>> folder = getfixture('tmp_path')
        >>> with atomic_path(folder / 'a.txt') as tmp:
        ...     _ = tmp.write_text('done')
        >>> (folder / 'a.txt').read_text()
        'done'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path.parent)
    name = f'.{path.stem[:60]}-{_HOST}{os.getpid()}-{uuid4().hex[:8]}'
    tmp = path.with_name(name + path.suffix)
    # Not tempfile's, whose files are private: results are for all to read.
    tmp.touch(exist_ok=False)
    try:
        yield tmp
        os.replace(tmp, path)
    finally:
        tmp.unlink(missing_ok=True)


@cache
def _sweep(folder: Path) -> None:
    """Remove, once per folder, what killed processes were writing there."""
    for file in folder.glob(f'.*-{_HOST}*-*'):
        found = re.search(rf'-{_HOST}(\d+)-\w+', file.name)
        if found and not _alive(int(found[1])):
            file.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def write_bytes(path: PathLike, content: bytes) -> None:
    """Write what is encoded already, atomically."""
    with atomic_path(path) as tmp:
        tmp.write_bytes(content)


def write_text(path: PathLike, text: str) -> None:
    """Write text atomically, in UTF-8."""
    write_bytes(path, text.encode())


def clean(value: Any) -> Any:
    """Turn arrays and their scalars into Python's and NaN into None, for JSON.

    Example:
        >>> clean(np.float32(0.5)), clean(float('nan')), clean([np.int64(3)])
        (0.5, None, [3])
    """
    if isinstance(value, dict):
        return {str(k): clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    if hasattr(value, 'tolist'):  # numpy and torch, scalars and arrays
        return clean(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def number_of(value: Any) -> Any:
    """The number in an array or tensor of one; anything else as it is.

    Example:
        >>> number_of(np.float32(0.5)), number_of(np.ones(2).tolist())
        (0.5, [1.0, 1.0])
    """
    one = hasattr(value, 'item') and math.prod(value.shape) == 1
    return value.item() if one else value


def write_json(path: PathLike, content: Any, indent: int = 1) -> None:
    """Write JSON atomically; NaN is refused, see :func:`clean`."""
    write_text(path, json.dumps(content, indent=indent, allow_nan=False))


def read_json(path: PathLike) -> Any:
    """Read JSON, with an error that says which file is broken, and where."""
    path = existing_file(path)
    try:
        return json.loads(path.read_text(encoding='utf8'))
    except (ValueError, RecursionError) as e:
        raise InputError(
            f'{path} is not valid JSON ({e}). It may have been cut off while '
            'being written: make it again, or give another file.'
        ) from e


def write_npz(path: PathLike, **arrays: np.ndarray) -> None:
    """Write an ``.npz`` atomically, with counts and texts compressed."""
    with atomic_path(path) as tmp, ZipFile(tmp, 'w') as file:
        for name, array in arrays.items():
            array = np.asanyarray(array)
            # Measured values hardly get smaller, at 30 MB a second.
            real = array.dtype.kind == 'f'
            file.compression = ZIP_STORED if real else ZIP_DEFLATED
            with file.open(f'{name}.npy', 'w', force_zip64=True) as f:
                np.lib.format.write_array(f, array, allow_pickle=False)


def read_npz(path: PathLike) -> dict[str, np.ndarray]:
    """Read every array of an ``.npz``; pickled objects are refused."""
    path = existing_file(path)
    try:
        with ZipFile(path) as file:
            names = file.namelist()
            return {n.removesuffix('.npy'): _array(file, n) for n in names}
    except _UNREADABLE as e:
        raise InputError(
            f'{path} is not a readable .npz file ({mistaken_for(path) or e}). '
            'It may have been cut off while being written: make it again.'
        ) from e


def _array(file: ZipFile, name: str) -> np.ndarray:
    with file.open(name) as f:
        array = np.lib.format.read_array(f, allow_pickle=False)
        # The sum of the bytes is compared at the end alone.
        if f.read(1):
            raise ValueError(f'{name} goes on after its end')
    return array


def mistaken_for(path: PathLike) -> str:
    """Say what an unreadable file is instead, or nothing if that is unclear.

    Example:
        >>> file = getfixture('tmp_path') / 'a.png'
        >>> _ = file.write_text('<html>Sign in</html>')
        >>> mistaken_for(file)
        'it is a web page, not the file behind its link'
    """
    with open(path, 'rb') as file:
        head = file.read(64)
    if not head:
        return 'it is empty'
    text = head.lstrip().lower()
    if text.startswith(b'version https://git-lfs'):
        return 'it is a pointer of Git LFS: git lfs pull'
    if text.startswith((b'<!doctype html', b'<html')):
        return 'it is a web page, not the file behind its link'
    return ''


def existing_file(path: PathLike) -> Path:
    """The path of a file, with an error that names the nearest if none is."""
    path = Path(path)
    if path.is_file():
        return path
    if path.is_dir():
        raise InputError(f'{path} is a folder; a file was wanted.')
    folder = path.parent
    if not folder.is_dir():
        raise InputError(f'{path} does not exist, nor does its folder.')
    hint = nearest(path.name, (p.name for p in folder.iterdir()))
    raise InputError(f'{path} does not exist. {hint}')
