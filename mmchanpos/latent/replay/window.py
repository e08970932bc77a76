"""Which call of the tapped module a replay has come to."""

from functools import partial
from typing import Any, Callable, Optional, Sequence

import torch
from torch import Tensor
from torch.utils._pytree import tree_map_only

from mmchanpos.latent.ablation import Ablation
from mmchanpos.latent.tap import Latent, Tap, levels, split, widths

from .linear import GrowingOutput
from .repeated import once, same_memory

#: What :meth:`Ablation.applier` gives.
Applier = Callable[[Latent], Latent]


class Window:
    """The latent of one call, and what the ablations make of it.

    Ablations, with what does them, are one for each image of the batch or one
    for all of it.

    Attributes:
        number (int): Of the call.
        parts (list[tuple[Tensor, ...]]): For each level of the latent, what
            every ablation made of it.
    """

    def __init__(
        self, ablations: list[Ablation], applies: list[Applier], tap: Tap
    ) -> None:
        self.ablations, self.applies, self.tap = ablations, applies, tap
        self.times = len(ablations)
        self.number = -1
        self.latent: Latent = ()
        self.ablated: Latent = ()
        self.parts: list[tuple[Tensor, ...]] = []

    def enter(self, latent: Latent, recorded: Optional[Latent]) -> Latent:
        """Ablate what the module gave; ``recorded`` is what it once gave."""
        self.number += 1
        self.widths = widths(latent, self.tap.channel_dim)
        images = self._images(latent, recorded)
        self.latent = images[0]
        each = [apply(one) for apply, one in zip(self.applies, images)]
        self.parts = list(zip(*map(levels, each)))
        self.ablated = each[0]
        if self.times > 1:
            joined = tuple(torch.cat(parts) for parts in self.parts)
            whole = isinstance(latent, Tensor)
            self.ablated = joined[0] if whole else joined
        return self.ablated

    def _images(
        self, latent: Latent, recorded: Optional[Latent]
    ) -> Sequence[Latent]:
        """The latent of each image of the batch."""
        if self.times == 1:
            return [latent]
        one = once(latent, self.times)
        parts = levels(one)
        known = () if recorded is None else levels(recorded)
        if any(len(part) == self.times for part in parts):
            # It is no copy of one; the encoder was run on the batch.
            return [
                tree_map_only(Tensor, partial(_image, number=i), latent)
                for i in range(self.times)
            ]
        same = len(parts) == len(known) and all(map(_same, parts, known))
        found: Any = recorded if same else one
        return [found] * self.times

    def place_of(
        self, x: Tensor, growing: Optional[GrowingOutput]
    ) -> Optional[int]:
        """Which level of the latent a reader is given.

        None if it is not the latent that was recorded, as for another image.
        """
        pairs = zip(levels(self.ablated), levels(self.latent))
        for place, (ablated, latent) in enumerate(pairs):
            if growing and x is ablated and latent is growing.latent:
                return place
        return None

    def replaced(self, place: int, number: int) -> tuple[int, ...]:
        """Channels of a level that fall in one of the ablations."""
        chosen = self.ablations[number].indices(self.widths)
        return split(chosen, self.widths)[place][1]


def _image(part: Tensor, number: int) -> Tensor:
    return part[number : number + 1]


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and same_memory(a, b)
