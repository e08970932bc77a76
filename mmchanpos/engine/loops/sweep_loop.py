"""Test many ablations of a model in one pass over its test set."""

import copy
import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator, Optional, Sequence, Union

import torch
from mmengine.dist import barrier, get_rank, get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmengine.runner.amp import autocast

from mmchanpos.engine.batches import names_of, predictor, rest_of
from mmchanpos.engine.cli import say
from mmchanpos.engine.guarded import check_scores
from mmchanpos.engine.hosts import reads_bgr, tap_of, usual_tap, versions
from mmchanpos.engine.nested import dicts, listed
from mmchanpos.engine.provenance import fingerprint
from mmchanpos.engine.quick_postprocess import quick_postprocess
from mmchanpos.engine.result_folder import claimed, clear, earlier
from mmchanpos.engine.sweep.ablated import AblatedBatch
from mmchanpos.engine.sweep.examples import Examples
from mmchanpos.engine.sweep.result import SweepResult
from mmchanpos.engine.sweep.state import SweepState
from mmchanpos.engine.tta import is_augmented
from mmchanpos.evaluation.measured import keep_small, measured
from mmchanpos.files import clean
from mmchanpos.latent import Tap, load_rankings
from mmchanpos.latent.atlas import AtlasMaker
from mmchanpos.latent.erasers import load_erasers
from mmchanpos.latent.plan import plan_sweep
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.sweep import FILES, Sweep
from mmchanpos.registry import LOOPS

from .pass_loop import PassLoop, with_hooks


@LOOPS.register_module()
class SweepLoop(PassLoop):
    """Switch channels off in many ways and test each, image by image.

    The network up to the latent runs once per image; only what comes after
    is run for every ablation, and every ablation has the evaluator of the
    config to itself. The metrics are those of separate tests. A run that was
    killed goes on where it was when it is started again.

    .. code-block:: python

        test_cfg = dict(
            type='mmchanpos.SweepLoop',
            rankings='work_dirs/rank/backbone.json',
            tops=[10, 50, 100, 200, 500])

    Args:
        runner, dataloader, evaluator: As of mmengine's own test loop.
        rankings (str | Sequence[str]): Ranking files of one latent.
        tap (str | dict, optional): Where the latent is. Defaults to where
            the rankings were made, else to what the head reads; a path alone
            means the output that was ranked.
        erasers (str, optional): File of erasers, to take directions away.
        lower_is_better (bool): A drop of the metric is a gain, which it may
            say itself, see :mod:`mmchanpos.evaluation.measured`. Defaults to
            False.
        examples (int): Images to keep predictions of. Defaults to 3.
        save_every (float): Seconds between savings. Defaults to 30.
        together (int): Ablations of an image to run as one batch, see
            :meth:`LatentReplay.run_together`; a GPU has more to do at once.
            Only where a batch is one image, and apart where a model draws
            random numbers. Defaults to 1.
        out, fp16, fresh, overwrite, folder: As of :class:`PassLoop`; the
            folder gets ``sweep.json`` and what it names.
        **plan: More for :func:`mmchanpos.latent.plan.plan_sweep`: ``kinds``,
            ``tops`` (by default ten shares of the width), ``windows``,
            ``random``, ``matched``, ``seed``, ``value``, ``per_level`` and
            ``ranks``.
    """

    name = 'sweep'

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        evaluator: Any,
        rankings: Union[str, Sequence[str]],
        tap: Union[str, dict, None] = None,
        erasers: Optional[str] = None,
        lower_is_better: bool = False,
        examples: int = 3,
        save_every: float = 30.0,
        together: int = 1,
        out: Optional[str] = None,
        fp16: bool = False,
        fresh: bool = False,
        overwrite: bool = False,
        folder: Optional[str] = None,
        **plan: Any,
    ) -> None:
        files = listed(rankings)
        self.rankings = [r for file in files for r in load_rankings(file)]
        self.erasers = [] if erasers is None else load_erasers(erasers)
        self.plan = plan_sweep(self.rankings, erasers=self.erasers, **plan)
        for warning in [a.excess for a in self.plan if a.excess][-1:]:
            runner.logger.warning(warning)
        super().__init__(
            runner, dataloader, out, fp16, fresh, overwrite, folder
        )
        made_at = self.rankings[0].place
        tap = Tap.of(tap or made_at or usual_tap(runner.model))
        tap = tap_of(tap.completed(made_at), runner.model)
        self.replay = LatentReplay(runner.model, tap)
        first = self._small(evaluator)
        others = (self._small(evaluator, first) for _ in self.plan[1:])
        self.evaluators = [first, *others]
        subject = measured(self.evaluators[0].metrics[0], lower_is_better)
        self.drawn = any(a.value == 'resample' for a in self.plan)
        swept = {ablation.kind for ablation in self.plan}
        atlas = AtlasMaker(
            [r for r in self.rankings if r.kind in swept],
            bgr=reads_bgr(self.dataloader.dataset),
        )
        shown = Examples(self.plan, examples, atlas.bgr)
        self.result = SweepResult(
            self.plan, self.evaluators, subject, shown, atlas
        )
        # What is put in place of channels, where rankings bring it along.
        optimal = [clean(ranking.optimal) for ranking in self.rankings]
        self.decided_by = self.all_that_decides(
            tap=self.replay.tap.as_dict(),
            plan=[ablation.as_dict() for ablation in self.plan],
            orders=[ranking.order.tolist() for ranking in self.rankings],
            means=[clean(ranking.means) for ranking in self.rankings],
            erasers=[eraser.digest for eraser in self.erasers],
            **({'constants': optimal} if any(optimal) else {}),
            # What "resample" draws hangs on the image before.
            processes=get_world_size() if self.drawn else 1,
            examples=examples,
            lower_is_better=subject.lower_is_better,
        )
        self.fingerprint = fingerprint(self.decided_by)
        # Which images a process has seen hangs on how many there are.
        mine = {**self.decided_by, 'processes': str(get_world_size())}
        mine['entries'] = 'a list per metric'  # unfinished ones had others
        self.state = SweepState(
            self.out, fingerprint(mine), get_rank(), save_every
        )
        self.ablated = AblatedBatch(
            self.replay,
            self.plan,
            self.evaluators[0],
            shown.rows.values(),
            together,
            fp16,
        )

    def _small(
        self, evaluator: Any, first: Optional[Evaluator] = None
    ) -> Evaluator:
        """The evaluator of an ablation; all but the first write no files."""
        evaluator = copy.deepcopy(evaluator)
        if first is not None:
            for part in dicts(evaluator):
                for key in {'outfile_prefix', 'output_dir'} & part.keys():
                    part[key] = None
        evaluator = self.build_evaluator(evaluator)
        keep_small(evaluator, first)
        return evaluator

    def run(self) -> dict[str, float]:
        """Sweep, write the results, and return the reference's metrics."""
        with claimed(self.folder, self.about, self.overwrite):
            found = earlier(
                'this very sweep is',
                self.out / 'sweep.json',
                _read,
                self.decided_by,
                self.fresh,
            )
            return found or with_hooks(self.runner, self._run, self.stage)

    def _run(self) -> dict[str, float]:
        # Predictions that a metric keeps in files go with the process.
        metrics = self.evaluators[0].metrics
        in_files = any(hasattr(metric, 'tmp_dir') for metric in metrics)
        if self.fresh or self.drawn or in_files:
            self.state.remove()
        for entry in self.state.load():
            self.result.restore(entry)
        done = self.state.done
        if done:
            say(
                f'going on after {done} of {len(self.order)} images that an '
                'earlier run finished'
            )
        self.each_batch(
            f'{len(self.plan)} ablations',
            lambda _, batch: self.run_iter(batch),
            rest_of(self.dataloader, done),
        )
        return self.conclude()

    def run_iter(self, batch: dict) -> list[Any]:
        """Test one batch in every ablation.

        Gives the predictions with nothing switched off.
        """
        with torch.no_grad(), quick_postprocess(self.replay.model):
            first = len(self.result.places)
            predict = predictor(self.runner.model, batch)
            with autocast(enabled=self.fp16):
                outputs = self.replay.record(predict)
            places = self.order[first : first + len(outputs)]
            self.result.begin(batch, places, names_of(batch, places))
            latents = self.replay.latents
            # Of sliding windows and several views no map is that of an image.
            if len(latents) == 1 and not is_augmented(self.runner.model):
                self.result.look(latents[0], self.replay.tap.channel_dim)
            for rows, found in self.ablated.of(predict, outputs):
                for row in rows:
                    self.result.add(row, found)
            self.state.add(self.result.end(), len(outputs))
            return outputs

    def conclude(self) -> dict[str, float]:
        """Evaluate every ablation and write the results."""
        self.state.save()
        with _quiet(self.runner.logger):
            metrics = self.result.evaluate(len(self.dataloader.dataset))
        check_scores(self.result.rows[0].scores)
        if is_main_process():
            clear(self.out, FILES)
            sweep = self.result.sweep(
                self.rankings,
                fingerprint=self.fingerprint,
                decided_by=self.decided_by,
                provenance={
                    **self.about,
                    'tap': str(self.replay.tap),
                    **versions(),
                },
            )
            sweep.save(self.out)
            self.runner.logger.info(
                f'{len(self.plan)} ablations written to '
                f'{self.out / "sweep.json"}'
            )
        barrier()
        if is_main_process():
            clear(self.out, ('unfinished-*',))
        return metrics


def _read(file: Path) -> tuple[dict[str, Any], Any]:
    # All that it names is read too.
    found = Sweep.load(file)
    return dict(found.rows[0].metrics), found.decided_by


@contextmanager
def _quiet(logger: MMLogger) -> Iterator[None]:
    """Leave out the tables that every evaluator would print."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
