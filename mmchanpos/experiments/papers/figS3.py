"""Fig. S3: what switching right channels off costs each region."""

from functools import partial

from .attacks import NEEDS
from .sides import read_side
from .sides import side_steps as steps

__all__ = ['NEEDS', 'read', 'steps']

read = partial(read_side, side='right')
