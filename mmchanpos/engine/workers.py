"""Processes that load data end with the run that they work for."""

from contextlib import contextmanager
from typing import Any, Iterator

from mmengine.runner import Runner

_LOOPS = ('_train_loop', '_val_loop', '_test_loop')


@contextmanager
def workers_end(runner: Runner) -> Iterator[None]:
    """Let a runner's data loaders end their processes after the block.

    They live as long as the iterator of a loader. Left to the garbage
    collector it closes their queue before it tells them to end, and waits five
    seconds for each: in a tool that ranks and then sweeps, or an experiment of
    thirty steps, that adds up. The runner can go on after that: a loader that
    is asked again starts others.
    """
    try:
        yield
    finally:
        for name in _LOOPS:
            loop: Any = getattr(runner, name, None)
            # Loops by iterations hold one of their own beside the loader's.
            for owner, held in (
                (loop, 'dataloader_iterator'),
                (getattr(loop, 'dataloader', None), '_iterator'),
            ):
                if getattr(owner, held, None) is not None:
                    setattr(owner, held, None)
