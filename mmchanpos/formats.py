"""Read JSON of a stated shape; what does not fit is named, file and field.

A format is a ``msgspec.Struct`` (or a dataclass, or ``list[Row]``): its
annotations are the check and its defaults are what old files lack. NaN is
``null`` in a file, see :func:`mmchanpos.files.clean`, and so ``Optional``.

msgspec rather than pydantic: one wheel of 0.2 MB without dependencies, not
four with 7 MB, imported in milliseconds, and quicker than ``json`` alone, so
that no tool starts later for it.
"""

import re
from typing import Any, Callable, TypeVar

import msgspec

from .errors import InputError
from .files import PathLike, existing_file

T = TypeVar('T')


def read_typed(path: PathLike, shape: type[T]) -> T:
    """Read a JSON file that must have a certain shape.

    Args:
        path (PathLike): The file.
        shape (type): What it holds. A field ``format: Literal[1] = 1`` says
            which version of a format is understood.

    Returns:
        An instance of ``shape``.

    Example:
        >>> class Row(msgspec.Struct):
        ...     top: int
        >>> file = getfixture('tmp_path') / 'rows.json'
        >>> _ = file.write_text('[{"top": 3}, {"top": "four"}]')
        >>> read_typed(file, list[Row])
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: .../rows.json does not fit: [1].top: ...
    """
    content = existing_file(path).read_bytes()
    return _fitting(path, msgspec.json.decode, content, shape)


def as_typed(content: Any, shape: type[T], source: object) -> T:
    """Give a shape to what was read already.

    Args:
        content (Any): Dictionaries, lists, texts and numbers.
        shape (type): What it should be.
        source (object): What to call it in an error.

    Returns:
        An instance of ``shape``.
    """
    return _fitting(source, msgspec.convert, content, shape)


def _fitting(
    source: object, read: Callable, content: Any, shape: type[T]
) -> T:
    try:
        return read(content, type=shape)
    except msgspec.ValidationError as e:
        raise InputError(f'{source} does not fit: {_field_first(e)}') from e
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise InputError(
            f'{source} is not valid JSON ({e}). It may have been cut off '
            'while being written: make it again, or give another file.'
        ) from e


def _field_first(error: Exception) -> str:
    what, _, where = str(error).partition(' - at `$')
    what = re.sub(
        r'^Expected (.*), got (.*)$', r'\1 was wanted, \2 was found', what
    )
    field = where.rstrip('`').lstrip('.')
    newer = '; a newer mmchanpos may have written it'
    return (f'{field}: ' if field else '') + (
        what.replace('`', '') + newer * field.endswith('format') + '.'
    )
