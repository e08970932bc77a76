"""Shuffle the channels, so that their order can tell nothing."""

from typing import Sequence, Union

import torch
from torch import Tensor, nn

from mmchanpos.errors import one_of
from mmchanpos.registry import MODELS

Features = Union[Tensor, Sequence[Tensor]]


@MODELS.register_module()
class PermuteChannel(nn.Module):
    """Permute channels at random (PermuteNet, Sec. 3.1).

    As a neck after global average pooling it makes PermuteNet; as a plain
    module it permutes any (B, C, ...) tensor. It is at work in training and
    in evaluation alike, and draws from a generator of its own, so that it
    neither disturbs nor follows the draws of anything else.

    Args:
        mode (str): ``'per_forward'`` draws one permutation per forward pass,
            shared by the batch, as the authors do; ``'per_sample'`` one for
            every image; ``'fixed'`` one for ever, which a net can learn to
            live with. Defaults to ``'per_forward'``.
        seed (int): Seed of the generator. Defaults to 0.

    Example:
        >>> shuffle = PermuteChannel(mode='fixed')
        >>> z = torch.arange(5.).expand(2, 5)
        >>> shuffle(z)
        tensor([[4., 0., 1., 3., 2.],
                [4., 0., 1., 3., 2.]])
    """

    def __init__(self, mode: str = 'per_forward', seed: int = 0) -> None:
        super().__init__()
        one_of(
            ('per_forward', 'per_sample', 'fixed'), mode, 'there is no mode'
        )
        self.mode = mode
        self.seed = seed
        self.redraw(seed)

    def redraw(self, seed: int) -> None:
        """Start the draws again from a seed; a fixed one stays what it is."""
        self._generator = torch.Generator().manual_seed(seed)

    def forward(self, features: Features) -> Features:
        """Permute the channels of a tensor, or of the last of several.

        Args:
            features (Tensor | Sequence[Tensor]): (B, C, ...).

        Returns:
            Tensor | tuple[Tensor, ...]: The same shapes.
        """
        if isinstance(features, Tensor):
            return self._permute(features)
        *others, last = features
        return (*others, self._permute(last))

    def _permute(self, x: Tensor) -> Tensor:
        count, channels = x.shape[:2]
        if self.mode == 'per_sample':
            keys = torch.rand(count, channels, generator=self._generator)
            order = keys.argsort(1).to(x.device)
            order = order.reshape(order.shape + (1,) * (x.ndim - 2))
            return x.gather(1, order.expand_as(x))
        if self.mode == 'fixed':
            generator = torch.Generator().manual_seed(self.seed)
        else:
            generator = self._generator
        order = torch.randperm(channels, generator=generator)
        return x[:, order.to(x.device)]

    def __getstate__(self) -> dict:
        # Not every torch can copy a generator, as an average of weights does
        # with the whole model.
        return dict(self.__dict__, _generator=self._generator.get_state())

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self._generator = torch.Generator()
        self._generator.set_state(state['_generator'])

    def extra_repr(self) -> str:
        """Mode and seed."""
        return f'mode={self.mode!r}, seed={self.seed}'
