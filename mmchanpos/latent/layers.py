"""Find the layers of any model that have maps, without knowing the model."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Callable, Optional

import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError

from .cell_maps import as_maps
from .tap import Tap

#: At most so many layers are taken, and of one size of map so many.
MOST, MOST_ALIKE = 8, 4


@dataclass(frozen=True)
class Layer:
    """A module whose output has places: rows and columns of a map."""

    tap: Tap
    channels: int
    size: tuple[int, int]


def find_layers(model: nn.Module, run: Callable[[], Any]) -> list[Layer]:
    """The ends of a model's stages, in the order in which they run.

    Modules that end one after the other with maps of one form are a stage, of
    which the last is taken; of a long row of like blocks, as in a
    transformer, a few; :data:`MOST` at most.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2))
        >>> layers = find_layers(net, lambda: net(torch.rand(1, 3, 18, 18)))
        >>> [(str(layer.tap), layer.size) for layer in layers]
        [('1', (16, 16)), ('2', (8, 8))]
    """
    ends: list[Layer] = []

    def note(name: str) -> Callable:
        def see(module: nn.Module, inputs: Any, output: Any) -> None:
            found = _layer(name, output)
            # Windows that are cut out of the image are no maps of it.
            if found is not None and len(output) == 1:
                ends.append(found)

        return see

    with ExitStack() as stack, torch.no_grad():
        for name, module in model.named_modules():
            if name:
                hook = module.register_forward_hook(note(name))
                stack.enter_context(hook)
        run()
    inner = {str(layer.tap) for layer in ends}
    stages: list[list[Layer]] = []
    for layer in filter(lambda end: _is_block(str(end.tap), inner), ends):
        last = stages[-1][-1] if stages else None
        if last and (last.channels, last.size) == (layer.channels, layer.size):
            stages[-1].append(layer)
        else:
            stages.append([layer])
    chosen = [layer for stage in stages for layer in _ends_of(stage)]
    if not chosen:
        raise InputError(
            'no layer of the model has maps or a square of tokens: there is '
            'nothing to audit.'
        )
    step = max(1, -(-len(chosen) // MOST))
    # The last layers are what heads read, so these stay.
    return chosen[::-1][::step][::-1]


def _layer(name: str, output: Any) -> Optional[Layer]:
    if not isinstance(output, Tensor) or output.ndim not in (3, 4):
        return None
    dim = 1 if output.ndim == 4 else 2
    maps = as_maps(output, dim)
    if maps is None or min(maps.shape[2:]) < 2:
        return None
    height, width = maps.shape[2:]
    return Layer(Tap(name, channel_dim=dim), maps.shape[1], (height, width))


def _is_block(name: str, all_names: set[str]) -> bool:
    """Whether a module is a numbered part of a model, or near its top.

    What lies inside such a part, as an attention in a block, is none.
    """
    parts = name.split('.')
    above = ('.'.join(parts[:i]) for i in range(1, len(parts)))
    inside = any(n[-1].isdigit() and n in all_names for n in above)
    return not inside and (name[-1].isdigit() or len(parts) <= 2)


def _ends_of(stage: list[Layer]) -> list[Layer]:
    """The last layer, and some on the way where blocks follow one another."""
    blocks = _longest_family(stage)
    if len(blocks) < 2 * MOST_ALIKE:
        return [stage[-1]]
    step = len(blocks) / MOST_ALIKE
    return [blocks[round((i + 1) * step) - 1] for i in range(MOST_ALIKE)]


def _longest_family(stage: list[Layer]) -> list[Layer]:
    families: dict[str, list[Layer]] = {}
    for layer in stage:
        path, _, name = layer.tap.path.rpartition('.')
        if name.isdigit() or name.rstrip('0123456789').endswith('layer_'):
            families.setdefault(path, []).append(layer)
    return max(families.values(), key=len, default=[])
