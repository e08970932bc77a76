"""Measure shift consistency of any classifier while it is tested."""

import copy
from typing import Any, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.dist import (
    all_gather_object,
    broadcast_object_list,
    get_rank,
    is_main_process,
)
from mmengine.runner import Runner
from mmengine.runner.amp import autocast
from torch import Tensor

from mmchanpos.engine.hosts import tap_of
from mmchanpos.engine.nested import kind_of
from mmchanpos.engine.result_folder import claimed
from mmchanpos.engine.shift_results import find_results, shown, write_results
from mmchanpos.errors import InputError
from mmchanpos.files import clean
from mmchanpos.latent.tap import Tap, levels, unwrap
from mmchanpos.models.losses import pooled
from mmchanpos.registry import LOOPS
from mmchanpos.shift import (
    ShiftProtocol,
    ShiftRecord,
    first_seen,
    merge,
    resolve,
)

from .pass_loop import PassLoop, with_hooks


@LOOPS.register_module()
class ShiftConsistencyLoop(PassLoop):
    """Test images under shifts, beside the metrics of the config.

    Several tests share one pass over the data. The shifts of an image depend
    on seed and sample index alone, so the result is the same for any batch
    size, order of the images and number of processes.

    .. code-block:: python

        test_cfg = dict(
            type='mmchanpos.ShiftConsistencyLoop',
            tests=['cifar-zero8', 'cifar-circular8'])

    Args:
        runner, dataloader, evaluator: As of mmengine's own test loop; what is
            evaluated are the unshifted images.
        tests (str | dict | list): Names of
            :data:`mmchanpos.shift.PRESETS`, or fields of
            :class:`mmchanpos.shift.ShiftProtocol`. Defaults to
            ``'cifar-zero8'``.
        stage (str): ``test``, or ``val`` when it is used as ``val_cfg``.
        tap (str | dict, optional): Which latent to measure the spread of.
            Defaults to the neck, or to the backbone if there is none.
        out (str, optional): Folder for ``<test>.json`` and the cache
            ``<test>.npz``. Defaults to ``shift/`` in the work folder; for
            ``val`` nothing is written unless this is given.
        fp16, fresh, overwrite: As of :class:`PassLoop`.
        **overrides: Fields to change in every test, such as
            ``exhaustive=True``, ``num_shifts`` or ``seed``.
    """

    name = 'shift'

    def __init__(
        self,
        runner: Runner,
        dataloader: Any,
        evaluator: Any,
        tests: Union[str, dict, Sequence] = 'cifar-zero8',
        stage: str = 'test',
        tap: Union[str, dict, None] = None,
        out: Optional[str] = None,
        fp16: bool = False,
        fresh: bool = False,
        overwrite: bool = False,
        **overrides: Any,
    ) -> None:
        if stage not in ('val', 'test'):
            raise InputError(f'stage="{stage}": "val" or "test" was wanted.')
        self.tests = resolve(tests, **overrides)
        if isinstance(dataloader, dict):
            canvas = next(iter(self.tests.values())).canvas
            dataloader = widen(dataloader, self.tests.values(), canvas)
        super().__init__(runner, dataloader, out, fp16, fresh, overwrite)
        self.writes = stage == 'test' or out is not None
        self.stage = stage
        self.evaluator = self.build_evaluator(evaluator)
        self.tap = self._find_tap(tap)
        size = self.dataloader.dataset[0]['inputs'].shape[-2:]
        for test in self.tests.values():
            test.check(*size)

    def _find_tap(self, tap: Union[str, dict, None]) -> Optional[Tap]:
        model = self.runner.model
        if tap is None:
            neck = getattr(unwrap(model), 'neck', None)
            tap = 'backbone' if neck is None else 'neck'
        found = tap_of(tap, model)
        found.module(model)
        return found

    def _record(self, test: ShiftProtocol) -> ShiftRecord:
        return ShiftRecord(test)

    def _facts(self) -> dict[str, Any]:
        """What of the loop's own settings decides the result."""
        return dict(tap=str(self.tap))

    def run(self) -> dict[str, float]:
        """Test, and return the metrics."""
        if not self.writes:
            return with_hooks(self.runner, self._run, self.stage)
        holds = ('*.json', '*.npz')
        with claimed(self.out, self.about, self.overwrite, holds):
            self.decided_by = self.all_that_decides(**self._facts())
            # In a training the weights are others at every validation.
            found = self.stage == 'test' and find_results(
                self.out, self.tests, self.decided_by, self.fresh
            )
            return found or with_hooks(self.runner, self._run, self.stage)

    def _run(self) -> dict[str, float]:
        records = {n: self._record(t) for n, t in self.tests.items()}
        self.each_batch(
            'shifting',
            lambda _, batch: self.run_iter(batch, records),
            self.dataloader,
        )
        metrics = self.evaluator.evaluate(len(self.dataloader.dataset))
        metrics.update(self._conclude(records, clean(metrics)))
        return metrics

    @torch.no_grad()
    def run_iter(self, batch: dict, records: dict[str, ShiftRecord]) -> list:
        """One batch, unshifted and under all shifts of all tests.

        Predictions are noted in ``records``; given are those for the unshifted
        images.
        """
        model = unwrap(self.runner.model)
        data = model.data_preprocessor(batch, False)
        images, samples = data['inputs'], data['data_samples']
        indices, labels = _identify(samples)
        black = _black(model, images)
        first = next(iter(records.values()))
        still = first.test.unshifted(images)
        latents, outputs = self._tapped(model, still, samples, 'predict')
        scores = torch.stack([sample.pred_score for sample in outputs])

        def forward(shifted: Tensor) -> tuple[Tensor, Tensor]:
            latents, logits = self._tapped(model, shifted, None, 'tensor')
            return logits.float().softmax(1), latents

        for record in records.values():
            # Tests on windows and on whole images may share a run.
            same = record.test.unshifted(images).shape == still.shape
            before = (scores, latents) if same else None
            record.observe(forward, images, indices, labels, black, before)
        self.evaluator.process(data_samples=outputs, data_batch=batch)
        return outputs

    def _tapped(self, model, images, samples, mode):
        with autocast(enabled=self.fp16), self.tap.read(model) as seen:
            output = model(images, samples, mode=mode)
        if not seen:
            raise InputError(
                f'no image went through "{self.tap}"; tap a module that the '
                'model runs at test time.'
            )
        return pooled(levels(seen[-1])[-1]), output

    def _conclude(
        self, records: dict[str, ShiftRecord], others: dict[str, Any]
    ) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for name, record in records.items():
            keep = first_seen(all_gather_object(record.indices()))[get_rank()]
            states = all_gather_object(record.state(keep))
            report = [None]
            if is_main_process():
                report = [record.report(states)]
                if self.writes:
                    rows = dict(merge(states), grid=self.tests[name].grid())
                    content = dict(report[0], metrics=others)
                    write_results(
                        self.out, name, content, rows, self.decided_by
                    )
                said = report[0]['description'], self._line(report[0])
                self.runner.logger.info('%s (%s): %s', name, *said)
                if report[0]['warning']:
                    warning = report[0]['warning']
                    self.runner.logger.warning('%s: %s', name, warning)
            broadcast_object_list(report)
            metrics.update(shown(name, report[0]))
        return metrics

    def _line(self, report: dict[str, Any]) -> str:
        """What is logged of a report."""
        return (
            'Top-1 {top1:.2f}, shifted {top1_shifted:.2f}; consistency '
            '{consistency:.2f} [{consistency_low:.2f}, '
            '{consistency_high:.2f}], fidelity {fidelity:.2f}, worst case '
            '{worst_case:.2f}'.format(**report)
        )


def widen(dataloader: dict, tests: Any, canvas: Optional[int]) -> dict:
    """Let a pipeline that ends in a centre crop keep a larger canvas.

    A crop test needs real content around the window, so
    ``CenterCrop(crop_size=224)`` becomes ``CenterCrop(crop_size=256)``, and a
    resize to a shorter edge is raised to the canvas where it is below it.

    Args:
        dataloader (dict): Config of the data loader; it is not changed.
        tests (Sequence[ShiftProtocol]): The tests.
        canvas (int, optional): Side of the images that they expect.
    """
    crops = {test.crop for test in tests if test.mode == 'crop'}
    if not crops or canvas is None:
        return dataloader
    dataloader = copy.deepcopy(dataloader)
    for step in dataloader['dataset'].get('pipeline', ()):
        kind = kind_of(step)
        if kind == 'CenterCrop' and step.get('crop_size') in crops:
            step['crop_size'] = canvas
        scale = step.get('scale')
        if kind == 'ResizeEdge' and isinstance(scale, int):
            step['scale'] = max(scale, canvas)
    return dataloader


def _identify(samples: Any) -> tuple[np.ndarray, np.ndarray]:
    indices = [s.get('sample_idx') for s in samples or ()]
    labels = [s.get('gt_label') for s in samples or ()]
    if not indices or None in indices or any(x is None for x in labels):
        raise InputError(
            'Shift consistency needs sample_idx and gt_label of every image. '
            'Let the pipeline end in PackInputs, with "sample_idx" among its '
            'meta_keys, on a data set that has labels.'
        )
    return np.asarray(indices), np.asarray([int(x) for x in labels])


def _black(model: torch.nn.Module, images: Tensor) -> Tensor:
    """What a black pixel becomes in the data preprocessor."""
    pixel = torch.zeros(1, images.shape[1], 1, 1)
    data = model.data_preprocessor(dict(inputs=pixel), False)
    return data['inputs'][0, :, 0, 0]
