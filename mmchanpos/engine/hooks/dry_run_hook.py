"""End a run after two batches."""

from mmengine.hooks import Hook

from mmchanpos.registry import HOOKS


class DryRunDone(Exception):
    """Raised once enough batches went through."""


@HOOKS.register_module()
class DryRunHook(Hook):
    """Leave each loop after two batches (``--dry-run``)."""

    priority = 'LOWEST'
    _seen = 0

    def _after_iter(self, runner, batch_idx, *args, mode='train', **kwargs):
        self._seen += 1
        if self._seen == 2:
            self._seen = 0
            raise DryRunDone(mode)
