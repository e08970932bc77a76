"""What data sets that draw their images have in common."""

from typing import Any

from .array_dataset import ArrayDataset

#: Arguments that name files, or what is in them.
_OF_FILES = ('labels', 'split', 'images_key', 'labels_key', 'data_root')


class Drawn(ArrayDataset):
    """Images that are drawn when the set is built: no file can be named.

    Args:
        **kwargs: Of :class:`ArrayDataset`, from ``classes`` on.
    """

    def __init__(self, **kwargs: Any) -> None:
        for name in _OF_FILES:
            if name in kwargs:
                raise TypeError(f'{type(self).__name__} has no "{name}"')
        super().__init__((), **kwargs)
