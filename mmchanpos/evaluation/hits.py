"""Accuracy that keeps one small number per image."""

from typing import Any, Mapping, Optional, Sequence

import numpy as np
import torch
from mmengine.evaluator import Evaluator
from mmpretrain.evaluation import Accuracy
from torch import Tensor

from mmchanpos.errors import InputError
from mmchanpos.registry import METRICS


@METRICS.register_module()
class HitAccuracy(Accuracy):
    """``Accuracy`` of mmpretrain for sweeps: hits in place of score vectors.

    A sweep of 67 ablations over the 50,000 images of ImageNet would keep 13
    GB of scores. Here ``results`` holds one whole number per image, whose
    bits say for every k and threshold whether it is a hit. Of models that
    predict labels without scores it is -1 for a hit, else -2, and as with the
    host, k and thresholds do not count.

    Args:
        **kwargs: Of ``Accuracy``.
    """

    @classmethod
    def like(cls, metric: Accuracy) -> 'HitAccuracy':
        """A metric with the settings of another one."""
        found = cls(metric.topk, metric.thrs, metric.collect_device)
        found.prefix = metric.prefix
        found.dataset_meta = metric.dataset_meta
        return found

    @property
    def score_name(self) -> str:
        """The first of its top k."""
        return f'Top-{self.topk[0]}'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """See which images are hits, by ``pred_score`` or ``pred_label``."""
        super().process(data_batch, data_samples)
        scored = [self.results.pop() for _ in data_samples][::-1]
        self.results += self._hits(scored).tolist()

    def _hits(self, scored: list[dict[str, Tensor]]) -> Tensor:
        """One whole number per image, (n,)."""
        truth = torch.cat([image['gt_label'] for image in scored])
        if 'pred_score' not in scored[0]:
            found = torch.cat([image['pred_label'] for image in scored])
            return (found == truth).long() - 2
        scores = torch.stack([image['pred_score'] for image in scored])
        if max(self.topk) > scores.shape[1]:
            raise InputError(
                f'Top-{max(self.topk)} of {scores.shape[1]} classes was asked '
                'for: set topk of test_evaluator.'
            )
        best, labels = scores.float().topk(max(self.topk), dim=1)
        right = labels == truth[:, None]
        bits = torch.zeros(len(truth), dtype=torch.long)
        for bit, (k, threshold) in enumerate(self._settings()):
            counts = right if threshold is None else right & (best > threshold)
            bits |= counts[:, :k].any(1).long() << bit
        return bits

    def _settings(self) -> list[tuple]:
        return [(k, threshold) for k in self.topk for threshold in self.thrs]

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        """Share of hits in percent, by the host's names."""
        hits = np.asarray(results)
        if (hits < 0).all():
            return {'top1': 100.0 * float((hits & 1).mean())}
        metrics = {}
        for bit, (k, threshold) in enumerate(self._settings()):
            name = f'top{k}'
            if len(self.thrs) > 1:
                none = threshold is None
                name += '_no-thr' if none else f'_thr-{threshold:.2f}'
            metrics[name] = 100.0 * float((hits >> bit & 1).mean())
        return metrics

    def scores(self, metrics: Mapping[str, float]) -> dict[str, float]:
        """The first number is what counts."""
        return {'overall': next(iter(metrics.values()))}

    def per_image(self, results: list[int]) -> Optional[np.ndarray]:
        """Hits of the first setting in percent, (n, 1)."""
        return 100.0 * (np.asarray(results)[:, None] & 1)


def keep_hits(evaluator: Evaluator) -> None:
    """Exchange ``Accuracy`` of the host, which keeps every score vector.

    Metrics of one's own, classes of ``Accuracy`` included, stay.
    """
    evaluator.metrics = [
        HitAccuracy.like(metric) if type(metric) is Accuracy else metric
        for metric in evaluator.metrics
    ]
