"""Test a net that draws at random several times: mean and spread."""

import numpy as np
from mmengine.runner import TestLoop

from mmchanpos.errors import InputError
from mmchanpos.files import number_of
from mmchanpos.latent import unwrap
from mmchanpos.models.necks import PermuteChannel
from mmchanpos.registry import LOOPS

from .pass_loop import with_hooks


@LOOPS.register_module()
class RedrawLoop(TestLoop):
    """Test a PermuteNet under several draws of its permutations.

    Every metric is the mean over the draws; beside each stands its standard
    deviation, named ``<metric>_std``.

    Args:
        redraws (int): How many times to go over the data. Defaults to 5.
        seed (int): Seed of the first draw. Defaults to 0.
        **kwargs: As in :class:`mmengine.runner.TestLoop`.
    """

    def __init__(
        self, *args, redraws: int = 5, seed: int = 0, **kwargs
    ) -> None:
        if redraws < 2:
            raise InputError(f'redraws={redraws}: a spread needs at least 2.')
        super().__init__(*args, **kwargs)
        modules = unwrap(self.runner.model).modules()
        self.shuffles = [m for m in modules if isinstance(m, PermuteChannel)]
        if not self.shuffles:
            raise InputError(
                'the model has no PermuteChannel, so every draw would give '
                'the same: use an ordinary test_cfg=dict().'
            )
        self.redraws = redraws
        self.seed = seed

    def run(self) -> dict[str, float]:
        """Test as often as asked; the hooks see one test."""
        return with_hooks(self.runner, self._run, 'test')

    def _run(self) -> dict[str, float]:
        return summary([self._draw(i) for i in range(self.redraws)])

    def _draw(self, number: int) -> dict[str, float]:
        for i, shuffle in enumerate(self.shuffles):
            shuffle.redraw(self.seed + number + i * self.redraws)
        for i, batch in enumerate(self.dataloader):
            self.run_iter(i, batch)
        return self.evaluator.evaluate(len(self.dataloader.dataset))


def summary(draws: list[dict[str, float]]) -> dict[str, float]:
    """Mean and standard deviation of every metric that is a number.

    Example:
        >>> summary([{'top1': 10.0}, {'top1': 14.0}])
        {'top1': 12.0, 'top1_std': 2.8284271247461903}
    """
    out = {}
    for key in draws[0]:
        values = [number_of(d[key]) for d in draws]
        if not all(isinstance(value, (int, float)) for value in values):
            continue
        out[key] = float(np.mean(values))
        out[f'{key}_std'] = float(np.std(values, ddof=1))
    return out
