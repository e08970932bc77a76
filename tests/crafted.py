"""Checkpoints that were made to harm their reader; a generator.

``python -m tests.crafted KIND FILE`` writes one. Its ``message_hub`` holds an
array of numpy's whose dtype claims, beside a plain number or text, a field of
objects, over bytes that are no objects: whoever looks at that field follows
an address of the file's choice.
"""

import sys

import numpy as np
import torch

#: The plain type that the dtype begins with.
KINDS = {'float': 'f8', 'text': 'S8', 'integer': 'i8'}
#: What numpy calls an item with references, but not its pickling as a list.
_FLAGS = 63 - 2


class _Dtype:
    def __init__(self, code, state=None):
        self.code, self.state = code, state

    def __reduce__(self):
        made = np.dtype, (self.code, False, True)
        return made if self.state is None else (*made, self.state)


class _Array:
    def __init__(self, dtype, content):
        self.dtype, self.content = dtype, content

    def __reduce__(self):
        function = np.zeros(1).__reduce__()[0]
        state = (1, (1,), self.dtype, False, self.content)
        return function, (np.ndarray, (0,), b'b'), state


def write(kind, path):
    """Write a crafted checkpoint.

    Args:
        kind (str): One of :data:`KINDS`.
        path (PathLike): Where.
    """
    fields = {'a': (_Dtype('O8'), 0)}
    state = (3, '<', None, ('a',), fields, 8, 8, _FLAGS)
    array = _Array(_Dtype(KINDS[kind], state), b'A' * 8)
    weights = {'w': torch.ones(1)}
    torch.save({'state_dict': weights, 'message_hub': {'x': array}}, path)


if __name__ == '__main__':
    write(*sys.argv[1:])
