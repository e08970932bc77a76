"""Find a latent in what a module returns, and put another in its place.

Modules return tensors, several of them, or several of several: pairs of map
and class token on every level, or two branches.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Sequence, Union

import torch
from torch import Tensor

from mmchanpos.errors import InputError

#: Which of several outputs, see :class:`mmchanpos.latent.Tap`.
Output = Union[None, int, str, Sequence[Union[int, str]]]
#: Keys that lead into nested outputs.
Way = tuple[Union[int, str], ...]


def ways(output: Any, wanted: Output, name: str) -> tuple[list[Way], bool]:
    """Ways to the parts that are wanted, and whether these are several.

    Example:
        >>> pair = [torch.zeros(1, 4, 2, 2), torch.zeros(1, 4)]
        >>> ways([pair, pair], ('0.0', '-1.0'), 'backbone')
        ([(0, 0), (1, 0)], True)
    """
    if isinstance(output, Tensor):
        return [()], False
    if wanted == 'all':
        return [(key,) for key in _names(output, name)], True
    if wanted is None or isinstance(wanted, (int, str)):
        return [_way(output, -1 if wanted is None else wanted, name)], False
    return [_way(output, key, name) for key in wanted], True


def part_at(output: Any, way: Way, name: str) -> Tensor:
    """The tensor at the end of a way."""
    for key in way:
        output = output[key]
    if not isinstance(output, Tensor):
        deeper = '.'.join(map(str, (*way, 0)))
        raise InputError(
            f'output {list(way)} of "{name}" is a {type(output).__name__}, '
            'not a tensor; tap another module, another output, or a part of '
            f'this one, as output="{deeper}".'
        )
    return output


def exchanged(output: Any, way: Way, part: Any) -> Any:
    """The same output with another part at the end of a way."""
    if not way:
        return part
    key, *rest = way
    part = exchanged(output[key], tuple(rest), part)
    kind: Any = type(output)
    if isinstance(output, Mapping):
        return kind({**output, key: part})
    parts = [part if i == key else old for i, old in enumerate(output)]
    return kind(*parts) if hasattr(output, '_fields') else kind(parts)


def patches_as_map(
    level: Tensor, tokens: Sequence[int], name: str = 'it'
) -> Tensor:
    """Tokens of patches, (B, N, C), as the map (B, C, rows, columns).

    Args:
        level (Tensor): All tokens.
        tokens (Sequence[int]): As of :class:`mmchanpos.latent.Tap`.
        name (str): The module, for messages.

    Example:
        >>> patches_as_map(torch.zeros(2, 1 + 12, 8), (1, 3, 4)).shape
        torch.Size([2, 8, 3, 4])
    """
    before, *size = tokens
    count = level.shape[1] - before if level.ndim == 3 else 0
    rows, columns = size or [math.isqrt(max(count, 0))] * 2
    if not count or rows * columns != count:
        form = f'{rows} x {columns}' if size else 'a square'
        raise InputError(
            f'"{name}" gives {tuple(level.shape)}, which are no tokens '
            f'(B, N, C) of {form} behind {before} others; set '
            f'tokens=[{before}, rows, columns] of the tap.'
        )
    return level[:, before:].transpose(1, 2).unflatten(2, (rows, columns))


def map_as_patches(maps: Tensor, old: Tensor, before: int) -> Tensor:
    """Undo :func:`patches_as_map`, behind the first of the ``old`` tokens."""
    patches = maps.flatten(2).transpose(1, 2)
    return torch.cat([old[:, :before], patches], dim=1)


def _way(output: Any, key: Union[int, str], name: str) -> Way:
    names = _names(output, name)
    if not isinstance(key, str) or key in names or '.' not in key:
        return (_key(key, names, name),)
    first, rest = key.split('.', 1)
    found = _key(_number(first), names, name)
    return (found, *_way(output[found], _number(rest), name))


def _number(key: str) -> Union[int, str]:
    return int(key) if re.fullmatch(r'-?\d+', key) else key


def _names(output: Any, name: str) -> list:
    if not isinstance(output, (tuple, list, Mapping)) or not output:
        raise InputError(
            f'"{name}" returns a {type(output).__name__}; a latent is a '
            'tensor, or a tuple, list or dict of tensors.'
        )
    if isinstance(output, Mapping):
        return list(output)
    return list(range(len(output)))


def _key(key: Union[int, str], names: list, name: str) -> Union[int, str]:
    if key in names:
        return key
    if isinstance(key, int) and -len(names) <= key < len(names):
        return names[key]
    raise InputError(
        f'"{name}" has no output {key!r}; it has {len(names)}: {names}.'
    )
