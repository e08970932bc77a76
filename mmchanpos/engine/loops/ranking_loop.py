"""Rank the channels of any model's latent in one pass over its test set."""

import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Union

import torch
from mmengine.dist import all_gather_object, is_main_process
from mmengine.runner import BaseLoop, Runner
from mmengine.runner.amp import autocast
from rich.progress import track

from mmchanpos.engine.batches import (
    alike,
    empty_data_named,
    forwarder,
    names_of,
    sample_order,
)
from mmchanpos.engine.provenance import provenance
from mmchanpos.errors import InputError
from mmchanpos.files import read_json
from mmchanpos.latent import (
    ChannelRanking,
    DeltaCollector,
    Deltas,
    Regions,
    rank,
    rankable,
    save_rankings,
)
from mmchanpos.latent.tap import usual_tap
from mmchanpos.registry import LOOPS


@LOOPS.register_module()
class RankingLoop(BaseLoop):
    """Find the channels that say where things are (4.2), instead of testing.

    Every image goes through the network up to the last tap, and once more
    mirrored. What each channel made of it is kept in ``<tap>.npz``, and the
    rankings in ``<tap>.json``. The result is the same for any batch size and
    any number of processes.

    .. code-block:: python

        test_cfg = dict(type='mmchanpos.RankingLoop', taps=['backbone'])

    Args:
        runner (Runner): The runner.
        dataloader (dict or DataLoader): Its images.
        evaluator (Any, optional): Not used; every test config brings one.
        taps (sequence of str or dict, optional): Where to read, see
            :class:`mmchanpos.latent.Tap`. Defaults to what the head reads.
        kernel_flip (bool): Record Kernel-Flip* and ** too; the pass then
            takes twice as long. Defaults to False.
        shift (sequence of int, optional): Rows and columns to roll images
            by, for the shift score. Defaults to None (no such score).
        left (str or sequence of str, optional): Names of the images whose
            objects all lie left, or a file with one name per line (or a JSON
            list), for Eq. 3.
        right (str or sequence of str, optional): The same for the right.
        kinds (sequence of str, optional): Which rankings. Defaults to all
            that the above allows.
        draws (int): Bootstrap resamples for the intervals. Defaults to 200.
        seed (int): Their seed. Defaults to 0.
        out (str, optional): Folder for the results. Defaults to ``rank/`` in
            the work folder.
        fp16 (bool): Half precision. Defaults to False.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        evaluator: Any = None,
        taps: Optional[Sequence[Union[str, dict]]] = None,
        kernel_flip: bool = False,
        shift: Optional[Sequence[int]] = None,
        left: Union[str, Sequence[str], None] = None,
        right: Union[str, Sequence[str], None] = None,
        kinds: Optional[Sequence[str]] = None,
        draws: int = 200,
        seed: int = 0,
        out: Optional[str] = None,
        fp16: bool = False,
    ) -> None:
        with empty_data_named():
            super().__init__(runner, dataloader)
        self.order = sample_order(self.dataloader)
        if isinstance(taps, (str, dict)):
            taps = [taps]
        self.collector = DeltaCollector(
            runner.model,
            taps or [usual_tap(runner.model)],
            kernel_flip,
            shift,
        )
        self.regions = Regions(_names(left), _names(right))
        self.kinds, self.draws, self.seed = kinds, draws, seed
        self.out = Path(out or Path(runner.work_dir) / 'rank')
        self.fp16 = fp16

    def run(self) -> Dict[str, float]:
        """Rank, write the results, and return the stability of each."""
        hook = self.runner.call_hook
        hook('before_test')
        hook('before_test_epoch')
        self.runner.model.eval()
        for idx, batch in track(
            enumerate(self.dataloader),
            'ranking',
            total=len(self.dataloader),
            disable=not is_main_process(),
            transient=True,
        ):
            hook('before_test_iter', batch_idx=idx, data_batch=batch)
            self.run_iter(idx, batch)
            hook(
                'after_test_iter',
                batch_idx=idx,
                data_batch=batch,
                outputs=[],
            )
        metrics = self.conclude()
        hook('after_test_epoch', metrics=metrics)
        hook('after_test')
        return metrics

    @torch.no_grad()
    def run_iter(self, idx: int, batch: dict) -> None:
        """Record one batch.

        Args:
            idx (int): Its number.
            batch (dict): From the data loader.
        """
        first = idx * self.dataloader.batch_size
        for part, numbers in alike(batch):
            places = [self.order[first + number] for number in numbers]
            with autocast(enabled=self.fp16):
                self.collector.add(
                    forwarder(self.runner.model, part),
                    places,
                    names_of(part, places),
                )

    def conclude(self) -> Dict[str, float]:
        """Join what all processes saw; rank and write it in the first."""
        about = provenance(self.runner)
        everyone = all_gather_object(self.collector.deltas(**about))
        metrics: Dict[str, float] = {}
        for parts in zip(*everyone):
            deltas = Deltas.merge(parts)
            rankings = self._rank(deltas)
            for ranking in rankings:
                stability = ranking.notes.get('stability')
                if stability is not None:
                    name = f'rank/{deltas.tap}/{ranking.kind}/stability'
                    metrics[name] = stability['kendall']
            if is_main_process():
                self._write(deltas, rankings)
        return metrics

    def _rank(self, deltas: Deltas) -> List[ChannelRanking]:
        kinds = self.kinds or rankable(deltas, self.regions)
        return [
            rank(deltas, kind, self.regions, self.draws, self.seed)
            for kind in kinds
        ]

    def _write(
        self, deltas: Deltas, rankings: Sequence[ChannelRanking]
    ) -> None:
        stem = re.sub(r'[^\w.@-]+', '_', str(deltas.tap))
        deltas.save(self.out / f'{stem}.npz')
        save_rankings(self.out / f'{stem}.json', rankings)
        kinds = ', '.join(ranking.kind for ranking in rankings)
        self.runner.logger.info(
            f'{len(deltas)} images, {rankings[0].channels} channels at '
            f'"{deltas.tap}": {kinds} written to {self.out / stem}.json'
        )


def _names(
    spec: Union[str, Sequence[str], None],
) -> Optional[Sequence[str]]:
    if spec is None or not isinstance(spec, str):
        return spec
    file = Path(spec)
    if file.suffix == '.json':
        names = read_json(file)
    elif file.is_file():
        names = file.read_text(encoding='utf8').split()
    else:
        raise InputError(f'the list of images {spec} does not exist.')
    if not isinstance(names, list) or not names:
        raise InputError(f'{spec} holds no image names.')
    return [str(name) for name in names]
