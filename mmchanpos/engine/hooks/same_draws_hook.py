"""Give a model the same random numbers each time it sees an image."""

from contextlib import ExitStack
from functools import wraps
from typing import Any, ClassVar

from mmengine.hooks import Hook
from mmengine.runner import Runner

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

    #: The batch that a hook of this kind has seeded; others leave it be, or
    #: the first one would give back what both have taken.
    _seeded: ClassVar[Any] = None

    def __init__(self) -> None:
        self._drawing = ExitStack()

    def before_run(self, runner: Runner) -> None:
        """Put a ``finally`` around the loops that test."""
        for phase in ('val', 'test'):
            loop = getattr(runner, f'_{phase}_loop', None)
            if callable(getattr(loop, 'run', None)):
                self._guard(loop)

    def _guard(self, loop: Any) -> None:
        # mmengine calls no hook when a loop fails, so the loop itself must
        # end what is in force.
        guards = getattr(loop, '_guards', ())
        if self in guards:
            return
        loop._guards = (*guards, self)
        run = loop.run

        @wraps(run)
        def guarded(*args, **kwargs):
            try:
                return run(*args, **kwargs)
            finally:
                self._end()

        loop.run = guarded

    def _end(self) -> None:
        """Leave all that is in force."""
        self._drawing.close()
        SameDrawsHook._seeded = None

    def _before_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode == 'train' or data_batch is SameDrawsHook._seeded is not None:
            return
        self._drawing.close()
        self._drawing.enter_context(same_draws(data_batch or {}))
        SameDrawsHook._seeded = data_batch

    def _after_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        if mode != 'train':
            SameDrawsHook._end(self)
