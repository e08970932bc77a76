"""End a run after two batches."""

from mmengine.hooks import Hook

from mmchanpos.registry import HOOKS


class DryRunDone(Exception):
    """Raised once enough batches went through."""


@HOOKS.register_module()
class DryRunHook(Hook):
    """Leave the loop after a few batches (``--dry-run``).

    Args:
        batches (int): How many. Defaults to 2.
    """

    priority = 'LOWEST'

    def __init__(self, batches: int = 2) -> None:
        self.batches = batches
        self.seen = 0

    def _after_iter(self, runner, batch_idx, *args, mode='train', **kwargs):
        self.seen += 1
        if self.seen >= self.batches:
            self.seen = 0
            raise DryRunDone(mode)
