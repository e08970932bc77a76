"""Reach the latent: name a module of any model, read or replace its output.

A latent is what a module returns: one tensor, or several levels (a pyramid)
of one tuple. Channels of all levels are counted through, so that everything
above works with one list of channels whatever the model is. The tokens of a
transformer's patches can be read as the map that they are.
"""

from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Callable, Iterator, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError, choose

from .outputs import (
    Output,
    exchanged,
    map_as_patches,
    part_at,
    patches_as_map,
    ways,
)

#: One tensor, or the levels of a pyramid.
Latent = Union[Tensor, tuple[Tensor, ...]]


def unwrap(model: nn.Module) -> nn.Module:
    """Take off every wrapper that keeps a model as ``module``: DDP, TTA."""
    inner = getattr(model, 'module', None)
    return unwrap(inner) if isinstance(inner, nn.Module) else model


def find_module(model: nn.Module, path: str) -> nn.Module:
    """Find a module by its path, as ``model.named_modules()`` writes it.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU())
        >>> find_module(net, '1')
        ReLU()
        >>> find_module(nn.ModuleDict({'backbone': net}), 'backbon.1')
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: ModuleDict has no module "backbon.1". ...
    """
    model = unwrap(model)
    modules = dict(model.named_modules())
    modules.pop('', None)
    return choose(modules, path, f'{type(model).__name__} has no module')


@dataclass(frozen=True)
class Tap:
    """The place in a model where its latent is read or replaced.

    Args:
        path (str): Path of the module whose output is the latent.
        output (int | str | Sequence, optional): Which of several outputs: an
            index, a key, a way into nested ones (``'-1.0'``: the first part
            of the last), several of these, or ``'all'``. Defaults to the
            last.
        channel_dim (int): Axis of the channels: 1 for (B, C, H, W) and
            (B, C), 2 for tokens (B, N, C). Defaults to 1.
        tokens (Sequence[int], optional): Take tokens (B, N, C) as
            the map (B, C, H, W) of their patches: how many stand before
            these (class token, registers) and stay as they are, then rows
            and columns, where they are no square. Defaults to None.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        >>> tap = Tap('0')
        >>> with tap.read(net) as seen:
        ...     _ = net(torch.zeros(2, 3, 4, 4))
        >>> seen[0].shape
        torch.Size([2, 8, 4, 4])
        >>> with tap.replace(net, torch.zeros_like):
        ...     net(torch.ones(1, 3, 4, 4)).abs().max()
        tensor(0.)
        >>> Tap('0', tokens=1).pick(torch.zeros(2, 1 + 49, 8)).shape
        torch.Size([2, 8, 7, 7])
    """

    path: str
    output: Output = None
    channel_dim: int = 1
    tokens: Optional[Sequence[int]] = None

    def __post_init__(self):
        if not isinstance(self.path, str) or not self.path:
            raise InputError(
                f'a tap is the path of a module, but {self.path!r} was given; '
                'for example "backbone" or "backbone.layer4".'
            )
        if self.channel_dim == 0:
            raise InputError(
                'channel_dim=0 is the axis of images; it is 1 for maps '
                '(B, C, H, W) and 2 for tokens (B, N, C).'
            )
        if isinstance(self.output, list):
            object.__setattr__(self, 'output', tuple(self.output))
        if self.tokens is not None:
            object.__setattr__(self, 'tokens', self._checked_tokens())

    def _checked_tokens(self) -> tuple[int, ...]:
        given: Any = self.tokens
        several = isinstance(given, (tuple, list))
        tokens = tuple(given) if several else (given,)
        whole = len(tokens) in (1, 3) and all(type(n) is int for n in tokens)
        if not whole or tokens[0] < 0 or min(tokens[1:], default=1) < 1:
            raise InputError(
                f'tokens={given!r} were given; wanted is how many stand '
                'before those of the patches, as 1, or that with rows and '
                'columns, as [1, 14, 14].'
            )
        if self.channel_dim != 1:
            raise InputError(
                'with tokens=... the latent is a map, so channel_dim is 1.'
            )
        return tokens

    @classmethod
    def of(cls, spec: Union['Tap', str, Mapping[str, Any]]) -> 'Tap':
        """Make a tap of what a config holds: a path, or keyword arguments."""
        if isinstance(spec, Tap):
            return spec
        if isinstance(spec, Mapping):
            try:
                return cls(**spec)
            except TypeError as e:
                raise InputError(
                    f'{dict(spec)} is not a tap ({e}); wanted are path, '
                    'output, channel_dim, tokens.'
                ) from e
        return cls(spec)

    def completed(self, ranked: Optional['Tap']) -> 'Tap':
        """Where was ranked, if this is no more than the path of that.

        A path alone leaves open which output is meant; the ranking says it.
        """
        if ranked is not None and self == Tap(ranked.path):
            return ranked
        return self

    def __str__(self) -> str:
        return (
            self.path if self.output is None else f'{self.path}@{self.output}'
        )

    def as_dict(self) -> dict[str, Any]:
        """Keyword arguments that make this tap again."""
        about = asdict(self)
        if self.tokens is None:
            del about['tokens']
        return about

    def module(self, model: nn.Module) -> nn.Module:
        """The module whose output is the latent."""
        return find_module(model, self.path)

    def pick(self, output: Any) -> Latent:
        """Take the latent out of what the module returned."""
        found, several = ways(output, self.output, self.path)
        picked = tuple(part_at(output, way, self.path) for way in found)
        if self.tokens is not None:
            picked = tuple(
                patches_as_map(level, self.tokens, self.path)
                for level in picked
            )
        return picked if several else picked[0]

    def put(self, output: Any, latent: Latent) -> Any:
        """Give back what the module returned with another latent.

        It has the form that :meth:`pick` gives; nothing is altered.
        """
        found, several = ways(output, self.output, self.path)
        parts: Any = latent if several else (latent,)
        for way, level in zip(found, parts):
            if self.tokens is not None:
                old = part_at(output, way, self.path)
                level = map_as_patches(level, old, self.tokens[0])
            output = exchanged(output, way, level)
        return output

    @contextmanager
    def read(self, model: nn.Module) -> Iterator[list[Latent]]:
        """Collect the latent of every call of the module.

        Yields:
            list: One latent per call; sliding windows call once per window.
        """
        seen: list[Latent] = []

        def collect(module, inputs, output):
            # Copies: the next layer may work in place.
            latent = self.pick(output)
            copies = tuple(level.clone() for level in levels(latent))
            seen.append(copies[0] if isinstance(latent, Tensor) else copies)

        with self.module(model).register_forward_hook(collect):
            yield seen

    @contextmanager
    def replace(
        self, model: nn.Module, change: Callable[[Latent], Latent]
    ) -> Iterator[None]:
        """Let the model go on with ``change(latent)`` instead of the latent.

        The function must not write into what it gets. Where it has an
        attribute ``again``, that is called before, with a function that runs
        the module, its inputs, and the latent.
        """
        again = getattr(change, 'again', None)

        def exchange(module, inputs, output):
            latent = self.pick(output)
            if again is not None:

                def run(*args):
                    return self.pick(module.forward(*args))

                again(run, inputs, latent)
            return self.put(output, change(latent))

        with self.module(model).register_forward_hook(exchange):
            yield


def levels(latent: Latent) -> tuple[Tensor, ...]:
    """The tensors of a latent, one per level."""
    return (latent,) if isinstance(latent, Tensor) else tuple(latent)


def widths(latent: Latent, channel_dim: int = 1) -> tuple[int, ...]:
    """How many channels each level of a latent has.

    Example:
        >>> widths((torch.zeros(1, 8, 4, 4), torch.zeros(1, 16, 2, 2)))
        (8, 16)
    """
    found = []
    for level in levels(latent):
        if not -level.ndim <= channel_dim < level.ndim:
            raise InputError(
                f'a latent of shape {tuple(level.shape)} has no axis '
                f'{channel_dim}; set channel_dim of the tap.'
            )
        found.append(level.shape[channel_dim])
    return tuple(found)


def gap(latent: Latent, channel_dim: int = 1) -> Tensor:
    """Global average pooling of a latent, its levels side by side.

    Of maps (B, C, H, W), vectors (B, C) or tokens (B, N, C), one or several,
    it gives (B, C) in double precision, C counted through all levels.

    Example:
        >>> gap(torch.ones(2, 3, 4, 4)).shape
        torch.Size([2, 3])
    """
    pooled = []
    for level in levels(latent):
        moved = level.movedim(channel_dim, 1)
        if moved.ndim > 2:
            moved = moved.flatten(2).mean(dim=2, dtype=torch.float64)
        pooled.append(moved.double())
    return torch.cat(pooled, dim=1)


def split(
    indices: Sequence[int], widths: Sequence[int]
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    """Share channel numbers out to the levels they belong to.

    Returns:
        tuple: For each level, its first channel number and its own channels
        counted from there.

    Example:
        >>> split([5, 0, 3], (4, 4))
        ((0, (0, 3)), (4, (1,)))
    """
    firsts = np.cumsum([0, *widths])
    return tuple(
        (int(low), tuple(int(c - low) for c in indices if low <= c < high))
        for low, high in zip(firsts, firsts[1:])
    )
