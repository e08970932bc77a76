"""What a model predicts of a batch in every ablation of a plan."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Collection, Iterator

from mmengine.evaluator import Evaluator
from mmengine.runner.amp import autocast

from mmchanpos.engine.counted import countable, counted
from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.tap import Latent, levels, widths

#: Rows of a plan, and what is predicted in each of them.
Predicted = tuple[list[int], list[Any]]


@dataclass
class AblatedBatch:
    """Replays a batch for a plan, no more often and no further than needed.

    Ablations that switch off the same are run once. On request several share
    a run of the head, and on a GPU nothing is made of a prediction but what
    its metric counts.

    Args:
        replay (LatentReplay): In which the batch is recorded.
        plan (list[Ablation]): The ablations, a row each.
        evaluator (Evaluator): What is measured in a row.
        shown (Collection[int]): Rows whose predictions are looked at too.
        together (int): How many may share a run. Defaults to 1.
        fp16 (bool): Half precision. Defaults to False.
    """

    replay: LatentReplay
    plan: list[Ablation]
    evaluator: Evaluator
    shown: Collection[int] = ()
    together: int = 1
    fp16: bool = False

    def __post_init__(self) -> None:
        dim = self.replay.tap.channel_dim
        self._appliers = [ablation.applier(dim) for ablation in self.plan]

    def of(
        self, predict: Callable[..., list[Any]], outputs: list[Any]
    ) -> Iterator[Predicted]:
        """Predict the batch again, which gave these outputs when recorded.

        ``predict`` is of :func:`mmchanpos.engine.batches.predictor`.
        """
        latents, tap = self.replay.latents, self.replay.tap
        if not latents:
            raise InputError(
                f'no image went through "{tap}"; tap a module that the head '
                'depends on.'
            )
        # Rows that switch off the same share one prediction.
        sizes = widths(latents[0], tap.channel_dim)
        groups: dict[Any, list[int]] = {}
        for row, ablation in enumerate(self.plan):
            groups.setdefault(ablation.effect(sizes), []).append(row)
        if () in groups:
            yield groups.pop(()), outputs
        alone = predict.__dict__['alone']
        # The maps of a GPU may be made to be counted, and for nothing else.
        counts = not alone and on_gpu(latents[0])
        counts = counts and countable(
            self.replay.model, self.evaluator, outputs
        )
        moves = any(ablation.value == 'relocate' for ablation in self.plan)
        apart = alone or moves or len(outputs) != 1
        size = 1 if apart else max(1, self.together)
        spared: list[list[int]] = []
        whole: list[list[int]] = []
        for rows in groups.values():
            spare = counts and not {*self.shown} & {*rows}
            (spared if spare else whole).append(rows)
        yield from self._run(predict, whole, size)
        if spared:
            with counted(self.replay.model, self.evaluator.metrics[0]):
                yield from self._run(predict, spared, size)

    def _run(
        self,
        predict: Callable[..., list[Any]],
        groups: list[list[int]],
        size: int,
    ) -> Iterator[Predicted]:
        """Predict for groups of rows, so many of them in one run."""
        for i in range(0, len(groups), size):
            chunk = groups[i : i + size]
            plan = [self.plan[rows[0]] for rows in chunk]
            appliers = [self._appliers[rows[0]] for rows in chunk]
            with autocast(enabled=self.fp16):
                if len(chunk) == 1:
                    found = [self.replay.run(predict, plan[0], appliers[0])]
                else:
                    run = partial(predict, times=len(chunk))
                    many = self.replay.run_together(run, plan, appliers)
                    found = [[one] for one in many]
            yield from zip(chunk, found)


def on_gpu(latent: Latent) -> bool:
    """Whether a latent lies where maps cost more than what they hold."""
    return levels(latent)[0].is_cuda
