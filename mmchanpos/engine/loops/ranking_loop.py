"""Rank the channels of any model's latent in one pass over its test set."""

import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, is_main_process
from mmengine.runner import Runner
from mmengine.runner.amp import autocast

from mmchanpos.datasets.region_subset import (
    SIDES,
    class_subset,
    people_subset,
    read_names,
)
from mmchanpos.engine.batches import (
    forwarder,
    names_of,
    same_sizes,
    with_content,
)
from mmchanpos.engine.hosts import image_stem, tap_of, usual_tap
from mmchanpos.engine.nested import listed
from mmchanpos.engine.optimal import constants_of
from mmchanpos.engine.result_folder import (
    RANKED,
    claim,
    clear,
    earlier,
    release,
)
from mmchanpos.errors import InputError
from mmchanpos.latent import (
    ChannelRanking,
    DeltaCollector,
    Deltas,
    Regions,
    Tap,
    rank,
    rankable,
    save_rankings,
)
from mmchanpos.latent.contents import check_content
from mmchanpos.latent.erasers import save_erasers, usual_erasers
from mmchanpos.latent.moments import TARGETS
from mmchanpos.latent.plan import check_plan
from mmchanpos.registry import LOOPS

from .pass_loop import PassLoop, with_hooks


@LOOPS.register_module()
class RankingLoop(PassLoop):
    """Find the channels that say where things are (4.2), instead of testing.

    Every image goes through the network up to the last tap, and once more
    mirrored. What each channel made of it is kept in ``deltas.npz``, and the
    rankings in ``ranking.json``; with several taps each has a folder of its
    own. The result is the same for any batch size and any number of
    processes. Where the deltas of the same model and data are there already,
    only the rankings are made anew.

    .. code-block:: python

        test_cfg = dict(type='mmchanpos.RankingLoop', taps=['backbone'])

    Args:
        runner, dataloader: As of mmengine's own test loop.
        evaluator (Any, optional): Not used; every test config brings one.
        taps (Sequence[str | dict], optional): Where to read, see
            :class:`mmchanpos.latent.Tap`. Defaults to what the head reads.
        kernel_flip (bool): Record Kernel-Flip* and ** too; the pass then
            takes twice as long. Defaults to False.
        shift (Sequence[int], optional): Rows and columns to roll images
            by, for the shift score. Defaults to None (no such score).
        grid (int, optional): Cells on each side of a grid on which every
            image is put, small, once per cell, for the location score.
            Defaults to None (no such score).
        sides (str, optional): Where to learn which images have objects on
            one side only, for Eq. 3: annotations of CityPersons (``.mat`` or
            ``.json``), or classes of a segmentation set, as in ``'person'``
            or ``'car+truck'``.
        left (str | Sequence[str], optional): Names of the left images, or
            a file with one per line, instead of ``sides``.
        right (str | Sequence[str], optional): The same for the right.
        kinds (Sequence[str], optional): Which rankings. Defaults to all
            that the above allows.
        content (str, optional): Show images without a scene instead of those
            of the data set, as natural ones confound position with content:
            ``'mixture'``, ``'patches'`` or another of
            :mod:`mmchanpos.latent.contents`.
        erasers (bool): Record covariances too, and write ``erasers.npz``.
            Defaults to False.
        draws (int): Bootstrap resamples for the intervals. Defaults to 200.
        seed (int): Their seed. Defaults to 0.
        plan (dict, optional): What a sweep will ask of the rankings, see
            :func:`mmchanpos.latent.plan.plan_sweep`, to refuse it before
            anything is written.
        **common: As of :class:`PassLoop`.
    """

    name = 'rank'

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        evaluator: Any = None,
        taps: Optional[Sequence[Union[str, dict]]] = None,
        kernel_flip: bool = False,
        shift: Optional[Sequence[int]] = None,
        grid: Optional[int] = None,
        sides: Optional[str] = None,
        left: Union[str, Sequence[str], None] = None,
        right: Union[str, Sequence[str], None] = None,
        kinds: Optional[Sequence[str]] = None,
        content: Optional[str] = None,
        erasers: bool = False,
        draws: int = 200,
        seed: int = 0,
        plan: Optional[dict[str, Any]] = None,
        **common: Any,
    ) -> None:
        super().__init__(runner, dataloader, **common)
        taps = listed(taps) or [usual_tap(runner.model)]
        self.names = [str(Tap.of(tap)) for tap in taps]
        self.collector = DeltaCollector(
            runner.model,
            [tap_of(tap, runner.model) for tap in taps],
            kernel_flip,
            shift,
            grid,
            kinds,
            covariances=TARGETS if erasers else (),
        )
        check_content(content)
        self.content = content
        self.regions = self._find_regions(sides, left, right)
        self.kinds, self.draws, self.seed = kinds, draws, seed
        self.plan = plan
        #: Of every tap, (C,), where the sweep puts them into channels.
        self._optimal: list[np.ndarray] = []
        if plan is not None:
            # The sweep will build the metric; better now than after the pass.
            runner.build_evaluator(copy.deepcopy(evaluator))
        self.decided_by = self.all_that_decides(
            taps=[tap.as_dict() for tap in self.collector.taps],
            variants=list(self.collector.variants),
            shift=shift,
            maps=True,
            content=content,
            covariances=erasers,
            grid=grid,
        )

    def _find_regions(
        self,
        sides: Optional[str],
        left: Union[str, Sequence[str], None],
        right: Union[str, Sequence[str], None],
    ) -> Regions:
        found: list[Optional[Sequence[str]]] = [
            read_names(names) if isinstance(names, str) else names
            for names in (left, right)
        ]
        if sides is not None:
            if (left, right) != (None, None):
                raise InputError(
                    'give sides, or left and right, but not both.'
                )
            dataset = self.dataloader.dataset
            found = [
                people_subset(sides, side)
                if Path(sides).suffix in ('.mat', '.json')
                else class_subset(dataset, sides, side)
                for side in SIDES
            ]
        return Regions(*found, stem=image_stem)

    def run(self) -> dict[str, float]:
        """Rank, write the results, and return the stability of each."""
        try:
            return with_hooks(self.runner, self._run, self.stage)
        finally:
            release(self.folder)

    def _run(self) -> dict[str, float]:
        kept = earlier(
            'what was recorded of these images is',
            self._folders()[0] / 'deltas.npz',
            self._read,
            self.decided_by,
            self.fresh,
        )
        deltas = kept or self._pass()
        self._claim(deltas)
        return self.conclude(deltas)

    def _claim(self, deltas: Sequence[Deltas]) -> None:
        """Check what will be asked, then take the folder for this run."""
        if self.plan is not None:
            kinds = self.kinds or rankable(deltas[0], self.regions)
            check_plan(kinds, deltas[0].widths, **self.plan)
            if self.plan.get('value') == 'optimal' and not self._optimal:
                # Asked for early, as not every model has them.
                model, loader = self.runner.model, self.dataloader
                with torch.enable_grad():
                    self._optimal = [
                        constants_of(model, one.tap, loader) for one in deltas
                    ]
        claim(self.folder, self.about, self.overwrite)

    def _read(self, _: Path) -> tuple[list[Deltas], Any]:
        """The deltas of an earlier pass, and what decided all of them."""
        files = [folder / 'deltas.npz' for folder in self._folders()]
        kept = [Deltas.load(file) for file in files]
        decided = [deltas.about.get('decided_by') for deltas in kept]
        same = all(one == decided[0] for one in decided)
        return kept, decided[0] if same else None

    def _pass(self) -> list[Deltas]:
        before = all_gather_object(self.order)[: get_rank()]
        self.collector.others = {i for order in before for i in order}
        self.each_batch('ranking', self.run_iter, self.dataloader)
        about = {**self.about, 'decided_by': self.decided_by}
        everyone = all_gather_object(self.collector.deltas(**about))
        return [Deltas.merge(parts) for parts in zip(*everyone)]

    @torch.no_grad()
    def run_iter(self, idx: int, batch: dict) -> list[Any]:
        """Record one batch, which has no predictions."""
        first = idx * self.dataloader.batch_size
        for part, numbers in same_sizes(batch):
            places = [self.order[first + number] for number in numbers]
            if self.content is not None:
                part = with_content(part, self.content, places)
            with autocast(enabled=self.fp16):
                self.collector.add(
                    forwarder(self.runner.model, part),
                    places,
                    names_of(part, places),
                )
        if idx == 0:
            # The width is known now, and nothing is written yet.
            self._claim(self.collector.deltas())
        return []

    def conclude(self, deltas: Sequence[Deltas]) -> dict[str, float]:
        """Rank, and write what was found at every tap in the first process.

        Gives the rank correlation between halves of the images.
        """
        metrics: dict[str, float] = {}
        folders = self._folders()
        for i, (tap, found) in enumerate(zip(self.names, deltas)):
            rankings = [
                rank(found, kind, self.regions, self.draws, self.seed)
                for kind in self.kinds or rankable(found, self.regions)
            ]
            if self._optimal:
                constants = self._optimal[i]
                rankings = [replace(r, optimal=constants) for r in rankings]
            for ranking in rankings:
                stability = ranking.notes.get('stability')
                if stability is not None:
                    name = f'rank/{tap}/{ranking.kind}/stability'
                    metrics[name] = stability['kendall']
            if is_main_process():
                self._write(folders[i], found, rankings)
        return metrics

    def _folders(self) -> list[Path]:
        if len(self.names) == 1:
            return [self.out]
        names = [re.sub(r'[^\w.@-]+', '_', name) for name in self.names]
        return [self.out / name for name in names]

    def _write(
        self, folder: Path, deltas: Deltas, rankings: Sequence[ChannelRanking]
    ) -> None:
        clear(folder, RANKED)
        deltas.save(folder / 'deltas.npz')
        save_rankings(folder / 'ranking.json', rankings)
        if deltas.moments:
            save_erasers(folder / 'erasers.npz', usual_erasers(deltas))
        kinds = ', '.join(ranking.kind for ranking in rankings)
        self.runner.logger.info(
            f'{len(deltas)} images, {rankings[0].channels} channels '
            f'({len(deltas.dead)} of them always 0) at '
            f'"{deltas.tap}": {kinds} written to {folder / "ranking.json"}'
        )
