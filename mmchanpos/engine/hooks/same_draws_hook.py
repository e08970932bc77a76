"""Give a model the same random numbers each time it sees an image."""

from contextlib import ExitStack
from typing import Any

from mmengine.hooks import Hook

from mmchanpos.engine.batches import same_draws
from mmchanpos.registry import HOOKS


@HOOKS.register_module()
class SameDrawsHook(Hook):
    """Seed the random numbers of every batch that is tested by its images.

    Heads that draw in the forward pass then predict the same in every test
    and in a sweep. Our tools and :class:`ChannelZeroingHook` do this.

    Example:
        .. code:: python

            custom_hooks = [dict(type='mmchanpos.SameDrawsHook')]
    """

    # One for all hooks of this kind: of two, the first one gives back what
    # both have taken.
    _drawing = ExitStack()

    def _before_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode != 'train':
            self._drawing.close()
            self._drawing.enter_context(same_draws(data_batch or {}))

    def _after_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode != 'train':
            self._drawing.close()
