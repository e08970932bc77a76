"""Test many ablations of a model in one pass over its test set."""

import copy
import logging
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

import torch
from mmengine.dist import barrier, get_rank, get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmengine.runner import BaseLoop, Runner
from mmengine.runner.amp import autocast
from rich.progress import track

from mmchanpos.engine.batches import (
    empty_data_named,
    names_of,
    rest_of,
    sample_order,
)
from mmchanpos.engine.cli import say
from mmchanpos.engine.guarded import check_scores
from mmchanpos.engine.hosts import tap_of, usual_tap, versions
from mmchanpos.engine.provenance import (
    decided_by,
    fingerprint,
    provenance,
)
from mmchanpos.engine.quick_postprocess import quick_postprocess
from mmchanpos.engine.result_folder import claim, clear, release
from mmchanpos.engine.sweep.earlier import earlier
from mmchanpos.engine.sweep.result import SweepResult
from mmchanpos.engine.sweep.state import SweepState
from mmchanpos.engine.tta import is_augmented
from mmchanpos.errors import InputError
from mmchanpos.evaluation.measured import keep_small, measured
from mmchanpos.files import clean
from mmchanpos.latent import Tap, load_rankings, unwrap
from mmchanpos.latent.atlas import AtlasMaker
from mmchanpos.latent.erasers import load_erasers
from mmchanpos.latent.plan import plan_sweep, usual_tops
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.tap import widths
from mmchanpos.registry import LOOPS


@LOOPS.register_module()
class SweepLoop(BaseLoop):
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
        runner (Runner): The runner.
        dataloader (dict or DataLoader): Its data.
        evaluator (dict, list or Evaluator): What to measure.
        rankings (str or sequence of str): Ranking files of one latent.
        tap (str or dict, optional): Where the latent is. Defaults to where
            the rankings were made, else to what the head reads.
        kinds (sequence of str, optional): Which rankings; see
            :func:`mmchanpos.latent.plan.plan_sweep` for this and what
            follows.
        tops (sequence of int, optional): Defaults to ten shares of the width.
        windows (sequence of pairs): Rank windows.
        random (int): Draws of random channels. Defaults to 5.
        matched (int): Draws of channels of matched magnitude. Defaults to 5.
        seed (int): Seed of the first draw. Defaults to 0.
        value (str): What replaces the channels. Defaults to ``'zero'``.
        per_level (bool): Count N on every level. Defaults to False.
        erasers (str, optional): File of erasers, to take directions away.
        ranks (sequence of int): How many. Defaults to 1 and 2.
        out (str, optional): Folder for ``sweep.json`` and what it names.
            Defaults to ``sweep/`` in the work folder.
        lower_is_better (bool): A drop of the metric is a gain, which it may
            say itself, see :mod:`mmchanpos.evaluation.measured`. Defaults to
            False.
        examples (int): Images to keep predictions of. Defaults to 3.
        save_every (float): Seconds between savings. Defaults to 30.
        fp16 (bool): Half precision. Defaults to False.
        fresh (bool): Use nothing that was measured before. Defaults to False.
        overwrite (bool): Take over another run's folder. Defaults to False.
        folder (str, optional): What belongs to this run, if more than ``out``.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        evaluator: Any,
        rankings: Union[str, Sequence[str]],
        tap: Union[str, dict, None] = None,
        kinds: Optional[Sequence[str]] = None,
        tops: Optional[Sequence[int]] = None,
        windows: Sequence[Sequence[int]] = (),
        random: int = 5,
        matched: int = 5,
        seed: int = 0,
        value: str = 'zero',
        per_level: bool = False,
        erasers: Optional[str] = None,
        ranks: Sequence[int] = (1, 2),
        out: Optional[str] = None,
        lower_is_better: bool = False,
        examples: int = 3,
        save_every: float = 30.0,
        fp16: bool = False,
        fresh: bool = False,
        overwrite: bool = False,
        folder: Optional[str] = None,
    ) -> None:
        if isinstance(rankings, str):
            rankings = [rankings]
        self.rankings = [r for file in rankings for r in load_rankings(file)]
        if tops is None and not windows and self.rankings:
            tops = usual_tops(self.rankings[0].live)
        self.erasers = [] if erasers is None else load_erasers(erasers)
        self.plan = plan_sweep(
            self.rankings,
            kinds,
            tops or (),
            windows,
            random,
            matched,
            seed,
            value,
            per_level,
            self.erasers,
            ranks,
        )
        for warning in [a.excess for a in self.plan if a.excess][-1:]:
            runner.logger.warning(warning)
        with empty_data_named():
            super().__init__(runner, dataloader)
        self.order = sample_order(self.dataloader)
        self.replay = LatentReplay(runner.model, self._find_tap(tap))
        self.evaluators = [self._build_evaluator(evaluator) for _ in self.plan]
        self.out = Path(out or Path(runner.work_dir) / 'sweep')
        self.about = provenance(runner)
        subject = measured(self.evaluators[0].metrics[0], lower_is_better)
        swept = {ablation.kind for ablation in self.plan}
        atlas = AtlasMaker([r for r in self.rankings if r.kind in swept])
        self.result = SweepResult(
            self.plan, self.evaluators, subject, examples, atlas
        )
        self.fresh, self.overwrite = fresh, overwrite
        self.folder = Path(folder or self.out)
        self.fp16 = fp16
        self.decided_by = self._decided_by(examples)
        self.fingerprint = fingerprint(self.decided_by)
        self.state = SweepState(
            self.out, self.fingerprint, get_rank(), save_every
        )
        self._appliers = [
            ablation.applier(self.replay.tap.channel_dim)
            for ablation in self.plan
        ]

    def _find_tap(self, tap: Union[str, dict, None]) -> Tap:
        model = self.runner.model
        tap = tap or self.rankings[0].place or usual_tap(model)
        return tap_of(tap, model)

    def _build_evaluator(self, evaluator: Any) -> Evaluator:
        evaluator = copy.deepcopy(evaluator)
        if isinstance(evaluator, (dict, list)):
            evaluator = self.runner.build_evaluator(evaluator)
        keep_small(evaluator)
        meta = getattr(self.dataloader.dataset, 'metainfo', None)
        evaluator.dataset_meta = meta
        self.runner.visualizer.dataset_meta = meta
        return evaluator

    def _decided_by(self, examples: int) -> Dict[str, str]:
        return decided_by(
            self.runner.cfg,
            self.runner._load_from,
            self.dataloader.dataset,
            tap=self.replay.tap.as_dict(),
            plan=[ablation.as_dict() for ablation in self.plan],
            orders=[ranking.order.tolist() for ranking in self.rankings],
            means=[clean(ranking.means) for ranking in self.rankings],
            erasers=[eraser.digest for eraser in self.erasers],
            processes=get_world_size(),
            images=len(self.dataloader.dataset),
            examples=examples,
            fp16=self.fp16,
            lower_is_better=self.result.subject.lower_is_better,
        )

    def run(self) -> Dict[str, float]:
        """Sweep, write the results, and return the reference's metrics."""
        try:
            claim(self.folder, self.about, self.overwrite)
            file = self.out / 'sweep.json'
            found = earlier(file, self.decided_by, self.fresh)
            return self._run() if found is None else found
        finally:
            release(self.folder)

    def _run(self) -> Dict[str, float]:
        hook = self.runner.call_hook
        hook('before_test')
        hook('before_test_epoch')
        self.runner.model.eval()
        # What "resample" puts in place hangs on the image before.
        if self.fresh or any(a.value == 'resample' for a in self.plan):
            self.state.remove()
        for entry in self.state.load():
            self.result.restore(entry)
        done = self.state.done
        if done:
            say(
                f'going on after {done} of {len(self.order)} images that an '
                'earlier run finished'
            )
        for idx, batch in track(
            enumerate(rest_of(self.dataloader, done)),
            f'{len(self.plan)} ablations',
            total=-(-(len(self.order) - done) // self.dataloader.batch_size),
            disable=not is_main_process(),
            transient=True,
        ):
            hook('before_test_iter', batch_idx=idx, data_batch=batch)
            outputs = self.run_iter(batch)
            hook(
                'after_test_iter',
                batch_idx=idx,
                data_batch=batch,
                outputs=outputs,
            )
        metrics = self.conclude()
        hook('after_test_epoch', metrics=metrics)
        hook('after_test')
        return metrics

    def run_iter(self, batch: dict) -> List[Any]:
        """Test one batch in every ablation.

        Args:
            batch (dict): From the data loader.

        Returns:
            list: Predictions with nothing switched off.
        """
        with torch.no_grad(), quick_postprocess(self.replay.model):
            return self._run_iter(batch)

    def _run_iter(self, batch: dict) -> List[Any]:
        first = len(self.result.places)
        predict = self._predictor(batch)
        with autocast(enabled=self.fp16):
            outputs = self.replay.record(predict)
        places = self.order[first : first + len(outputs)]
        self.result.begin(batch, places, names_of(batch, places))
        latents = self.replay.latents
        # Of sliding windows and several views no map is that of an image.
        if len(latents) == 1 and not is_augmented(self.runner.model):
            self.result.look(latents[0], self.replay.tap.channel_dim)
        for rows in self._alike():
            ablation = self.plan[rows[0]]
            found = outputs
            if ablation.effect(self._widths()):
                with autocast(enabled=self.fp16):
                    found = self.replay.run(
                        predict, ablation, self._appliers[rows[0]]
                    )
            for row in rows:
                self.result.add(row, found)
        self.state.add(self.result.end(), len(outputs))
        return outputs

    def _predictor(self, batch: dict):
        model = self.runner.model
        inner = unwrap(model)
        if is_augmented(model):
            return lambda: model.test_step(copy.deepcopy(batch))
        data = inner.data_preprocessor(batch, False)
        images, samples = data['inputs'], data.get('data_samples')
        # Each run writes into samples of its own; the truth in them is shared.
        return lambda: inner(
            images, samples and [one.new() for one in samples], mode='predict'
        )

    def _widths(self) -> Tuple[int, ...]:
        latents = self.replay.latents
        if not latents:
            raise InputError(
                f'no image went through "{self.replay.tap}"; tap a module '
                'that the head depends on.'
            )
        return widths(latents[0], self.replay.tap.channel_dim)

    def _alike(self) -> List[List[int]]:
        """Rows of the plan that switch the same channels off, together."""
        groups: Dict[Any, List[int]] = {}
        sizes = self._widths()
        for row, ablation in enumerate(self.plan):
            groups.setdefault(ablation.effect(sizes), []).append(row)
        return list(groups.values())

    def conclude(self) -> Dict[str, float]:
        """Evaluate every ablation and write the results."""
        self.state.save()
        with _quiet(self.runner.logger):
            metrics = self.result.evaluate(len(self.dataloader.dataset))
        check_scores(self.result.rows[0].scores)
        if is_main_process():
            clear(self.out, ('sweep.*', 'rankings.json', '*.npz'))
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


@contextmanager
def _quiet(logger: MMLogger) -> Iterator[None]:
    """Leave out the tables that every evaluator would print."""
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
