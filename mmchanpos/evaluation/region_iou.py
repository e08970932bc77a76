"""IoU by region of the image, from one prediction per image."""

from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
import torch
from mmengine.logging import MMLogger, print_log
from mmseg.evaluation import IoUMetric
from prettytable import PrettyTable
from torch import Tensor

from mmchanpos.errors import InputError
from mmchanpos.registry import METRICS

from .areas import RegionAreas, Truths, named_boxes, on_cpu
from .measured import adds_up, main_iou

#: Shared, as every ablation of a sweep has a metric of its own.
_TRUTHS = Truths()


@METRICS.register_module()
class RegionIoUMetric(IoUMetric):
    """mIoU of several regions in one pass; pixels outside do not count.

    For an image 2048 wide, ``left`` is columns 0 to 1023, ``center`` 512 to
    1535 and ``right`` 1024 to 2047, as in the paper's supplement S3. Where a
    region is the whole image, its scores are those of mmseg's ``IoUMetric``.

    .. code:: python

        test_evaluator = dict(
            type='mmchanpos.RegionIoUMetric',
            regions=['overall', 'left', 'right'])
        test_evaluator = dict(
            type='mmchanpos.RegionIoUMetric',
            regions=dict(overall='overall', sky=(0, 0, 1, 0.3)))

    Args:
        regions (Sequence | Mapping): Names of regions, or own names with
            boxes x1, y1, x2, y2 as fractions. Defaults to overall, left,
            center and right.
        digits (int, optional): Decimals of the scores in percent; None for
            all. Defaults to 2, as in mmseg.
        **kwargs: Of ``IoUMetric``; what hosts' tools add is tolerated.

    The scores of ``overall`` go by mmseg's names (``mIoU``), those of other
    regions after the name of the region (``left/mIoU``). ``results`` holds
    one (R, 3, classes) tensor per image; see :class:`RegionAreas`.
    """

    lower_is_better = False

    def __init__(
        self,
        regions: Union[Sequence[str], Mapping[str, Any]] = (
            'overall',
            'left',
            'center',
            'right',
        ),
        digits: Optional[int] = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.score_name = main_iou(self)
        self.boxes = named_boxes(regions)
        self.digits = digits

    def process(self, data_batch: dict, data_samples: Sequence[dict]) -> None:
        """Count the pixels of each image."""
        if self.format_only or self.output_dir is not None:
            super().process(data_batch, data_samples)
            return
        for sample in data_samples:
            if 'region_areas' in sample:
                self.results.append(sample['region_areas'])
                continue
            found = sample['pred_sem_seg']['data'].squeeze(0)
            truth = sample['gt_sem_seg']['data'].squeeze(0)
            self.results.append(self._areas(truth, found.device).of(found))

    def count(
        self, logits: Tensor, truth: Tensor, align_corners: bool
    ) -> Tensor:
        """Count an image from logits, before they are enlarged.

        :meth:`process` takes the counts of a sample as ``region_areas``. They
        are those of :meth:`RegionAreas.of_logits`, for a truth (H, W).
        """
        areas = self._areas(truth, logits.device)
        return areas.of_logits(logits, align_corners)

    def _areas(self, truth: Tensor, device: torch.device) -> RegionAreas:
        how = len(self.dataset_meta['classes']), self.ignore_index

        def make() -> RegionAreas:
            return RegionAreas(truth.to(device), self.boxes, *how)

        key = (*self.boxes.items(), *how, str(device))
        return _TRUTHS.ready(truth, key, make)

    def intersect_and_union(
        self,
        pred_label: Tensor,
        label: Tensor,
        num_classes: int,
        ignore_index: int,
    ) -> Tensor:
        """Count one image, for the host's ``process`` that also writes it.

        From two maps (H, W), what :meth:`RegionAreas.of` gives.
        """
        areas = RegionAreas(label, self.boxes, num_classes, ignore_index)
        return areas.of(pred_label)

    def evaluate(self, size: int) -> dict[str, float]:
        """As the host does, with one copy from the device before."""
        self.results = on_cpu(self.results)
        return super().evaluate(size)

    def compute_metrics(self, results: list[Tensor]) -> dict[str, float]:
        """Add the images up and give every region's scores, in percent."""
        if self.format_only:
            return super().compute_metrics(results)
        if not results:
            raise InputError(
                'RegionIoUMetric has no image to score: the data set, or the '
                'subset of it, is empty.'
            )
        total = torch.stack(list(results)).sum(0)
        scores: dict[str, float] = {}
        by_class: dict[str, np.ndarray] = {}
        for region, counts in zip(self.boxes, total):
            head = '' if region == 'overall' else f'{region}/'
            for name, values in self._scores(counts).items():
                mean = 'aAcc' if name == 'aAcc' else f'm{name}'
                scores[head + mean] = self._rounded(_mean(values))
                if name not in ('aAcc', 'Acc'):
                    by_class[head + name] = self._rounded(values)
        self._log(by_class)
        return scores

    def scores(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The mIoU, or what there is, by region; see :class:`Measured`."""
        key = self.score_name
        return {
            name: metrics[key if name == 'overall' else f'{name}/{key}']
            for name in self.boxes
        }

    def per_image(self, results: list[Tensor]) -> Optional[np.ndarray]:
        """Areas of every image, (n, R, 3, classes); see :class:`Measured`.

        None where the score is no mean of IoU over the classes that are there.
        """
        if not results or not adds_up(self):
            return None
        return torch.stack(list(results)).numpy().astype(np.int32)

    def _scores(self, counts: Tensor) -> dict[str, np.ndarray]:
        # Whole pixels, and double precision: the host's single precision
        # loses count beyond 16 million pixels.
        intersection, prediction, truth = counts.double()
        union = prediction + truth - intersection
        return self.total_area_to_metrics(
            intersection,
            union,
            prediction,
            truth,
            self.metrics,
            self.nan_to_num,
            self.beta,
        )

    def _rounded(self, values: Any) -> Any:
        percent = np.asarray(values, dtype=np.float64) * 100
        if self.digits is not None:
            percent = np.round(percent, self.digits)
        return percent if percent.ndim else float(percent)

    def _log(self, by_class: dict[str, np.ndarray]) -> None:
        table = PrettyTable()
        table.add_column('Class', list(self.dataset_meta['classes']))
        for name, values in by_class.items():
            table.add_column(name, np.round(values, 2))
        logger = MMLogger.get_current_instance()
        print_log(f'per class results:\n{table.get_string()}', logger)


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float('nan')
