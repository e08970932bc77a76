"""One kind of error for everything a user can get wrong.

Library code raises :class:`InputError` with a message that says what was
given, what was wanted, and what to do; the tools print that message alone and
exit with status 2. Any other exception is a bug of ours and keeps its
traceback.
"""

from difflib import get_close_matches
from typing import Collection, Iterable, Mapping, TypeVar

T = TypeVar('T')


class InputError(ValueError):
    """Something a user gave is missing, broken or does not fit.

    Example:
        >>> raise InputError('top=600 is more than the 512 channels of "neck"')
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: top=600 is more than the 512 channels...
    """


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Sentence that names the candidates closest to a misspelt name.

    Returns:
        str: ``'Did you mean "a" or "b"?'``, or the first few candidates when
        none is close.

    Example:
        >>> nearest('backbon', ['backbone', 'neck'])
        'Did you mean "backbone"?'
        >>> nearest('xyz', ['backbone', 'neck'])
        'There are: "backbone", "neck".'
        >>> nearest('xyz', [])
        'There are none.'
    """
    names = sorted(set(map(str, candidates)) - {''})
    close = get_close_matches(str(name), names, cutoff=0.5)
    if close:
        return 'Did you mean ' + ' or '.join(f'"{c}"' for c in close) + '?'
    if not names:
        return 'There are none.'
    shown = ', '.join(f'"{c}"' for c in names[:8])
    more = len(names) - 8
    return f'There are: {shown}' + (f' and {more} more.' if more > 0 else '.')


def one_of(known: Collection[str], name: str, no: str, more: str = '') -> None:
    """Raise the error of :func:`choose` if nothing goes by a name."""
    if name not in known:
        raise InputError(f'{no} "{name}". {nearest(name, known)}{more}')


def choose(known: Mapping[str, T], name: str, no: str, more: str = '') -> T:
    """What goes by a name, or an error that names the nearest.

    Args:
        known (Mapping): What there is, by name.
        name (str): What the user wrote.
        no (str): How the error begins, such as ``'no eraser'``.
        more (str): How it ends.

    Example:
        >>> choose({'neck': 1}, 'nek', 'the model has no')
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: the model has no "nek". Did you mean ...
    """
    one_of(known, name, no, more)
    return known[name]
