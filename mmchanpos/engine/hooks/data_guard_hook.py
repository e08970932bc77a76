"""Stop a test whose data or predictions cannot be used."""

from typing import Any, Optional, Sequence

from mmengine.hooks import Hook

from mmchanpos.engine.guarded import check_outputs, check_scores, guard
from mmchanpos.registry import HOOKS


@HOOKS.register_module()
class DataGuardHook(Hook):
    """Name the image or label that cannot be read, and refuse NaN.

    Our tools add this hook to every test.
    """

    def before_test(self, runner: Any) -> None:
        """Guard the test set before its loader starts processes."""
        guard(runner.test_dataloader.dataset)

    def after_test_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Optional[Sequence[Any]] = None,
    ) -> None:
        """Look at what was predicted."""
        check_outputs(outputs or ())

    def after_test_epoch(
        self, runner: Any, metrics: Optional[dict[str, float]] = None
    ) -> None:
        """Look at what was measured."""
        # Rankings are no scores of the data; they may lack an interval.
        check_scores(
            {k: v for k, v in (metrics or {}).items() if k[:5] != 'rank/'}
        )
