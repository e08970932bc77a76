"""What loops share that pass over a data set once, into a folder."""

from pathlib import Path
from typing import Any, Callable, Optional

from mmengine.dist import is_main_process
from mmengine.evaluator import Evaluator
from mmengine.runner import BaseLoop, Runner
from rich.progress import track
from torch.utils.data import DataLoader

from mmchanpos.engine.batches import sample_order
from mmchanpos.engine.gate import EMPTY, NO_SAMPLE
from mmchanpos.engine.provenance import decided_by, provenance
from mmchanpos.errors import InputError


class PassLoop(BaseLoop):
    """Passes over a test set with the hooks of mmengine around each batch.

    Args:
        runner (Runner): The runner.
        dataloader (dict | DataLoader): Its images.
        out (str, optional): Folder for the results. Defaults to a folder of
            the loop's :attr:`name` in the work folder.
        fp16 (bool): Half precision. Defaults to False.
        fresh (bool): Use nothing that was measured before. Defaults to False.
        overwrite (bool): Take over another run's folder. Defaults to False.
        folder (str, optional): What belongs to this run, if more than
            ``out``.
    """

    name = ''
    stage = 'test'

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        out: Optional[str] = None,
        fp16: bool = False,
        fresh: bool = False,
        overwrite: bool = False,
        folder: Optional[str] = None,
    ) -> None:
        try:
            super().__init__(runner, dataloader)
        except ValueError as e:
            if NO_SAMPLE not in str(e):
                raise
            raise InputError(EMPTY) from e
        self.order = sample_order(self.dataloader)
        self.out = Path(out or Path(runner.work_dir) / self.name)
        self.folder = Path(folder or self.out)
        self.fp16, self.fresh, self.overwrite = fp16, fresh, overwrite

    @property
    def about(self) -> dict[str, Any]:
        """Where the results come from."""
        return provenance(self.runner.cfg, self.runner._load_from)

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """An evaluator that knows the classes of the data."""
        if isinstance(evaluator, (dict, list)):
            evaluator = self.runner.build_evaluator(evaluator)
        meta = getattr(self.dataloader.dataset, 'metainfo', None)
        evaluator.dataset_meta = meta
        self.runner.visualizer.dataset_meta = meta
        return evaluator

    def all_that_decides(self, **facts: Any) -> dict[str, str]:
        """Digests of all that the result depends on; ``facts`` too."""
        return decided_by(
            self.runner.cfg,
            self.runner._load_from,
            self.dataloader.dataset,
            fp16=self.fp16,
            images=len(self.dataloader.dataset),
            **facts,
        )

    def each_batch(
        self,
        title: str,
        run: Callable[[int, dict], list[Any]],
        loader: DataLoader,
    ) -> None:
        """Pass over the data; ``run`` gets the number of a batch and it."""
        hook = self.runner.call_hook
        for idx, batch in track(
            enumerate(loader),
            title,
            total=len(loader),
            disable=self.stage == 'val' or not is_main_process(),
            transient=True,
        ):
            times = dict(batch_idx=idx, data_batch=batch)
            hook(f'before_{self.stage}_iter', **times)
            outputs = run(idx, batch)
            hook(f'after_{self.stage}_iter', **times, outputs=outputs)


def with_hooks(
    runner: Runner, measure: Callable[[], dict[str, float]], stage: str
) -> dict[str, float]:
    """What is measured, with the hooks of mmengine before and after."""
    runner.call_hook(f'before_{stage}')
    runner.call_hook(f'before_{stage}_epoch')
    runner.model.eval()
    metrics = measure()
    runner.call_hook(f'after_{stage}_epoch', metrics=metrics)
    runner.call_hook(f'after_{stage}')
    return metrics
