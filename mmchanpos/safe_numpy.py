"""Arrays and scalars of numpy in checkpoints, rebuilt without numpy's help.

A pickle of numpy's asks for ``numpy.dtype`` and hands it a state. Given the
real one, a file may declare a field of objects over raw bytes, and the first
look at it reads wherever the file says. So nothing of numpy is allow-listed:
these stand-ins take numbers and texts of a stated size, and nothing else.
"""

import math
import re
from pickle import UnpicklingError
from typing import Any

import numpy as np

#: Booleans, integers, floats, complex numbers, and texts of a fixed length.
_CODES = re.compile(r'b1|[iu][1248]|f[248]|c(8|16)|[SU]\d{1,4}')


class _Dtype:
    """Stands in for ``numpy.dtype``; its state may only give a byte order."""

    def __init__(self, code: str, align: bool = False, copy: bool = True):
        if not (isinstance(code, str) and _CODES.fullmatch(code)):
            _refuse(f'dtype({code!r})')
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        _, order, subtype, names, fields = state[:5]
        if order not in ('<', '>', '|', '=') or any((subtype, names, fields)):
            _refuse('dtype with fields')
        self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray):
    """Stands in for ``numpy.ndarray``; saved again, it is a plain array."""

    def __new__(cls) -> '_Array':
        return super().__new__(cls, (0,), 'u1')

    def __setstate__(self, state: tuple) -> None:
        version, shape, dtype, fortran, content = state
        _check_content(dtype, shape, content)
        plain = (version, shape, dtype.dtype, bool(fortran), content)
        super().__setstate__(plain)

    def __reduce_ex__(self, protocol: int) -> Any:
        return self.view(np.ndarray).__reduce_ex__(protocol)


def _reconstruct(array: type, shape: Any, code: Any) -> _Array:
    """Stands in for numpy's function of this name."""
    if array is not _Array:
        _refuse('_reconstruct of a foreign class')
    return _Array()


def _scalar(dtype: Any, content: Any) -> Any:
    """Stands in for ``numpy.core.multiarray.scalar``."""
    _check_content(dtype, (), content)
    return np.frombuffer(content, dtype.dtype)[0]


def _check_content(dtype: Any, shape: Any, content: Any) -> None:
    sizes = isinstance(shape, tuple) and all(type(n) is int for n in shape)
    if not (
        isinstance(dtype, _Dtype)
        and isinstance(content, bytes)
        and sizes
        and min(shape, default=0) >= 0
        and math.prod(shape) * dtype.dtype.itemsize == len(content)
    ):
        _refuse('array whose content is not what it says')


def _refuse(what: str) -> None:
    raise UnpicklingError(f'Unsupported global: GLOBAL numpy.{what}')


def stand_ins() -> list[tuple[Any, str]]:
    """What to allow-list, with the names by which files ask for it.

    Returns:
        list: Pairs for ``torch.serialization.add_safe_globals``.
    """
    # numpy 2 moved these; files written by either version are read.
    names = {_reconstruct: '_reconstruct', _scalar: 'scalar'}
    functions = [
        (stand_in, f'numpy.{room}.multiarray.{name}')
        for stand_in, name in names.items()
        for room in ('core', '_core')
    ]
    return [*functions, (_Array, 'numpy.ndarray'), (_Dtype, 'numpy.dtype')]
