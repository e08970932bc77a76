"""Sums over images that stream, go into a file, and merge by addition."""

from copy import copy
from typing import Optional, Sequence, TypeVar

import numpy as np

from mmchanpos.errors import InputError

Some = TypeVar('Some', bound='Sums')


class Sums:
    """What was added up of the images of a pass, by name.

    The pass may be cut up among processes in any way: what each of them saw
    is put together by :meth:`merge`.
    """

    def __init__(self, arrays: Optional[dict[str, np.ndarray]] = None) -> None:
        self.arrays = dict(arrays or {})

    @classmethod
    def merge(cls, parts: Sequence[Some]) -> Some:
        """Put together what several processes saw, each image once."""
        seen = [part for part in parts if part.arrays]
        merged = copy(next(iter(seen), parts[0]))
        merged.arrays = {}
        for name in seen[0].arrays if seen else ():
            arrays = [part.arrays[name] for part in seen]
            shapes = {array.shape for array in arrays}
            if len(shapes) > 1:
                raise InputError(
                    f'sums of {sorted(shapes)} do not go together; scores of '
                    'places need images of one size.'
                )
            merged.arrays[name] = sum(arrays[1:], start=arrays[0])
        return merged
