"""Output of a linear layer when some of its input channels are replaced.

Convolutions and linear layers are linear in their input channels, so what
changes is the part of the replaced channels alone: for a growing top N a
whole curve costs about one layer, not one per N.
"""

from contextlib import contextmanager
from typing import Any, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmchanpos.latent.ablation import Ablation
from mmchanpos.latent.erasers import Eraser
from mmchanpos.latent.on_device import index_on

from .kept import Kept


def is_linear(layer: nn.Module) -> bool:
    """Whether a layer is a convolution or linear map, without hooks."""
    if layer._forward_pre_hooks or layer._forward_hooks:
        return False
    if 'forward' in vars(layer) or getattr(layer, 'groups', 1) != 1:
        return False
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    return any(type(layer).forward is kind.forward for kind in kinds)


def mixes(layer: nn.Module, channel_dim: int, ndim: int) -> bool:
    """Whether the channels of a latent are what a layer is linear in."""
    wanted = ndim - 1 if isinstance(layer, nn.Linear) else 1
    return channel_dim % ndim == wanted


class GrowingOutput:
    """Spares a linear layer all input channels but those that were replaced.

    It starts from the layer's output for its whole input.

    Example:
        >>> conv, x = nn.Conv2d(6, 2, 3, padding=1), torch.rand(1, 6, 4, 4)
        >>> cut = x.clone()
        >>> cut[:, [4, 1]] = 0
        >>> growing = GrowingOutput(conv, x, conv(x))
        >>> torch.allclose(growing.of(cut, [4, 1]), conv(cut), atol=1e-6)
        True
    """

    def __init__(
        self, layer: nn.Module, latent: Tensor, output: Tensor
    ) -> None:
        # torch's own type of a layer does not say what attributes it has.
        self.layer: Any = layer
        self.latent = latent
        self.whole = Kept(output)
        self._restart()

    def _restart(self) -> None:
        self._output = self.whole.value
        self._replaced: frozenset[int] = frozenset()
        self._value: object = None

    def of(
        self, latent: Tensor, replaced: Sequence[int], value: object = None
    ) -> Tensor:
        """``layer(latent)`` of a latent with some channels replaced.

        As long as ``value``, which replaced them, stays the same and channels
        are only added, the last output is built upon.
        """
        wanted: frozenset[int] = frozenset(replaced)
        if value != self._value or not self._replaced <= wanted:
            self._restart()
        new = sorted(wanted - self._replaced)
        if new:
            # Half precision would not survive many corrections, so their sum
            # is single; each part is as exact as the layer itself.
            exact = torch.promote_types(self._output.dtype, torch.float32)
            total = self._output.to(exact)
            self._output = total + self._part(latent, new)
        self._replaced, self._value = wanted, value
        return self._output.to(self.whole.value.dtype)

    def erased(self, ablation: Ablation) -> Tensor:
        """The output for a latent without the directions of an eraser.

        What goes is a map of few directions, mixed into all channels; so it
        costs as much as a layer of so few channels.
        """
        eraser: Eraser = ablation.ranking.top(ablation.top)
        linear = isinstance(self.layer, nn.Linear)
        coded = eraser.coded(self.latent, -1 if linear else 1)
        out = torch.as_tensor(eraser.out).to(self.layer.weight)
        weight = torch.einsum('oc...,cr->or...', self.layer.weight, out)
        if linear:
            return self.whole.value - F.linear(coded, weight)
        return self.whole.value - self.layer._conv_forward(coded, weight, None)

    def _part(self, latent: Tensor, channels: Sequence[int]) -> Tensor:
        index = index_on(tuple(channels), latent.device)
        dim = -1 if isinstance(self.layer, nn.Linear) else 1
        change = latent.index_select(dim, index)
        change -= self.latent.index_select(dim, index)
        weight = self.layer.weight.index_select(1, index)
        if dim == -1:
            return F.linear(change, weight)
        with _untuned():
            return self.layer._conv_forward(change, weight, None)


@contextmanager
def _untuned() -> Iterator[None]:
    """No search for the best algorithm: every step has another width."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before
