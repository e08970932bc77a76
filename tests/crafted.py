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


@torch.no_grad()
def border_contrast(module, size=33):
    """How far a constant image betrays its border to a module.

    Args:
        module (Module): From images (B, C, H, W) to maps.
        size (int): H and W.

    Returns:
        float: Largest difference between a place of the maps and the middle:
        zero, up to rounding, unless padding gives the border away.
    """
    convs = [m for m in module.modules() if isinstance(m, torch.nn.Conv2d)]
    channels = convs[0].in_channels if convs else 3
    out = module(torch.ones(1, channels, size, size))
    middle = out[..., out.shape[-2] // 2, out.shape[-1] // 2]
    return float((out - middle[..., None, None]).abs().max())


if __name__ == '__main__':
    write(*sys.argv[1:])
