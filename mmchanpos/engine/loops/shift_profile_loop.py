"""Measure how predictions of places change when the image is shifted."""

from dataclasses import replace
from typing import Any, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.runner.amp import autocast
from torch import Tensor
from torch.nn import functional as F

from mmchanpos.engine.batches import same_sizes
from mmchanpos.engine.hosts import (
    as_whole,
    is_whole,
    map_classes,
    predicted,
    predicts,
)
from mmchanpos.engine.quick_postprocess import quick_postprocess
from mmchanpos.errors import InputError
from mmchanpos.evaluation.zones import named_zones, zone_numbers
from mmchanpos.latent.tap import Tap, unwrap
from mmchanpos.registry import LOOPS
from mmchanpos.shift import BoxProfile, MapProfile, ShiftProfile, ShiftProtocol

from .shift_consistency_loop import ShiftConsistencyLoop


@LOOPS.register_module()
class ShiftProfileLoop(ShiftConsistencyLoop):
    """The shift test of any segmentor or detector.

    Images are shifted before they are normalised and padded, and predictions
    are compared at the size of the input, after the shift is undone, with
    those of the unshifted image. Shifts, draws, files and what makes a result
    the same are those of :class:`ShiftConsistencyLoop`.

    .. code-block:: python

        test_cfg = dict(type='mmchanpos.ShiftProfileLoop', tests='cell-8')

    Args:
        *args: As of :class:`ShiftConsistencyLoop`.
        tests (str | dict | list): As there. Defaults to ``'cell-8'``, every
            shift in a cell of a stride of 8.
        score (float): From where a detection is an object. Defaults to 0.3.
        **kwargs: As there.
    """

    def __init__(
        self,
        *args: Any,
        tests: Union[str, dict, Sequence] = 'cell-8',
        score: float = 0.3,
        **kwargs: Any,
    ) -> None:
        self.score = score
        super().__init__(*args, tests=tests, **kwargs)
        self.tests = {
            name: replace(test, pair='original')
            for name, test in self.tests.items()
        }
        for test in self.tests.values():
            if test.fill_space != 'raw':
                raise InputError(
                    'fill_space="normalised" is for classifiers: images of '
                    'segmentors and detectors are shifted before that.'
                )
            self._record(test)

    def _find_tap(self, tap: Union[str, dict, None]) -> Optional[Tap]:
        if tap is not None:
            raise InputError('a profile of maps or boxes has no latent tap.')
        kind = predicts(self.runner.model)
        if kind == 'labels':
            name = type(unwrap(self.runner.model)).__name__
            raise InputError(
                f'{name} has no head of a segmentor or detector; '
                'ShiftConsistencyLoop tests classifiers.'
            )
        self.predicts = kind
        return None

    def _record(self, test: ShiftProtocol) -> ShiftProfile:
        if self.predicts == 'boxes':
            return BoxProfile(test, self.score)
        zones = list(named_zones().values())
        classes, ignored = map_classes(self.runner.model)
        return MapProfile(
            test,
            classes,
            lambda height, width: zone_numbers(zones, height, width),
            len(zones),
            ignored,
        )

    def _facts(self) -> dict[str, Any]:
        return dict(super()._facts(), score=self.score)

    def _run(self) -> dict[str, float]:
        self._places = iter(self.order)
        return super()._run()

    @torch.no_grad()
    def run_iter(
        self, batch: dict, records: dict[str, ShiftProfile]
    ) -> list[Any]:
        """One batch, as in a :class:`ShiftConsistencyLoop`."""
        outputs: list[Any] = []
        model = unwrap(self.runner.model)
        with quick_postprocess(model), autocast(enabled=self.fp16):
            for part, _ in same_sizes(batch):
                outputs += self._of_size(model, part, records)
        self.evaluator.process(data_samples=outputs, data_batch=batch)
        return outputs

    def _of_size(
        self, model: Any, part: dict, records: dict[str, ShiftProfile]
    ) -> list[Any]:
        samples = part['data_samples']
        device = next(model.parameters()).device
        images = torch.stack(list(part['inputs'])).to(device).float()
        size = images.shape[-2:]
        outputs = model.test_step(part)
        before = None
        if all(is_whole(sample, *size) for sample in samples):
            before = [predicted(output) for output in outputs]

        # Every shift overwrites what the one before it predicted.
        fresh: dict[Any, list[Any]] = {}

        def predict(views: Tensor) -> list[Any]:
            size = views.shape[-2:]
            if size not in fresh:
                fresh[size] = [as_whole(s, *size) for s in samples]
            data = dict(inputs=list(views), data_samples=fresh[size])
            return [predicted(found) for found in model.test_step(data)]

        places = np.array([next(self._places) for _ in samples])
        truths = _truths(outputs, size)
        for record in records.values():
            record.profile(predict, images, places, truths, before)
        return outputs

    def _line(self, report: dict[str, Any]) -> str:
        return ', '.join(
            f'{key} {value:.2f} [{low:.2f}, {high:.2f}]'
            for key, (value, low, high) in report['measures'].items()
            if low is not None and not key.startswith('zone')
        )


def _truths(outputs: Sequence[Any], size: Sequence[int]) -> Optional[Tensor]:
    """True classes at the size of the input, (B, H, W), where known."""
    if any('gt_sem_seg' not in output for output in outputs):
        return None
    found = [output.gt_sem_seg.data[None].float() for output in outputs]
    maps = [F.interpolate(truth, tuple(size))[0, 0] for truth in found]
    return torch.stack(maps).long()
