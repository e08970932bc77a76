"""What a metric says of itself, so that a sweep and its report can use it.

A metric of mmengine gives numbers by name and says neither which of them
matters nor whether it should rise. :class:`Measured` is how it says so.
Nothing is required: a metric of which nothing is known is taken by its main
number, and each attribute that it has is used. All of it, in a metric of your
own::

    @METRICS.register_module()
    class Blur(BaseMetric):
        score_name = 'blur'
        lower_is_better = True

        def scores(self, metrics):         # by region, or by setup
            return {'overall': metrics['blur']}

        def per_image(self, results):      # (n, 1): their mean is the score
            return np.array(results)[:, None]
"""

import sys
from contextlib import redirect_stdout
from typing import Any, Callable, Mapping, Optional, Sequence

import numpy as np
from mmengine.evaluator import BaseMetric, Evaluator

from mmchanpos.errors import InputError

Scores = dict[str, Optional[float]]


class Measured:
    """A metric that says what it is: by its main number and what else it has.

    Args:
        metric (BaseMetric): The metric.

    Attributes:
        score_name (str): What is scored, for tables and axes.
        lower_is_better (bool): Whether a drop is a gain.
        boxes (mapping): Region to its box x1, y1, x2, y2 as fractions of the
            image; empty where scores do not go by region.
    """

    def __init__(self, metric: BaseMetric) -> None:
        self.metric = metric
        self.score_name = getattr(metric, 'score_name', '')
        self.lower_is_better = bool(getattr(metric, 'lower_is_better', False))
        self.boxes = getattr(metric, 'boxes', {})

    def scores(self, metrics: Mapping[str, float]) -> Scores:
        """Those of the metric, else its first number as ``overall``.

        Args:
            metrics (mapping): What ``evaluate`` gave, without the prefix.

        Returns:
            dict: In points, by region or setup, the most important one first;
            None where nothing can be scored.
        """
        if not metrics:
            raise InputError(
                f'{type(self.metric).__name__} gave no number, so there is '
                'nothing that an attack could change.'
            )
        if hasattr(self.metric, 'scores'):
            scores = self.metric.scores(metrics)
            # What it scores may hang on the numbers that there are.
            self.score_name = getattr(self.metric, 'score_name', '')
            return scores
        name = next(iter(metrics))
        self.score_name = self.score_name or name
        return {'overall': metrics[name]}

    def complete(self, metrics: Mapping[str, float]) -> Mapping[str, float]:
        """With the numbers that a host leaves out where nothing is found."""
        return metrics

    def per_image(self, results: list[Any]) -> Optional[np.ndarray]:
        """What each image adds to the scores, if the metric says it.

        Args:
            results (list): The metric's own, one entry per image.

        Returns:
            ndarray: (n, scores), whose mean over images are the scores; or
            areas (n, scores, 3, classes) of intersection, prediction and
            truth, whose means give an IoU. None if neither says it.
        """
        values = getattr(self.metric, 'per_image', None)
        return values(results) if values else None


class _IoU(Measured):
    """``IoUMetric`` of mmsegmentation: the whole image."""

    def __init__(self, metric: BaseMetric) -> None:
        super().__init__(metric)
        self.score_name = main_iou(metric)

    def scores(self, metrics: Mapping[str, float]) -> Scores:
        return super().scores({self.score_name: metrics[self.score_name]})

    def per_image(self, results: list[Any]) -> Optional[np.ndarray]:
        if not adds_up(self.metric):
            return None
        areas = [np.stack([r[0], r[2], r[3]]) for r in results]
        return np.stack(areas)[:, None] if areas else None


class _Accuracy(Measured):
    """``Accuracy`` of mmpretrain: the first of its top k."""

    def __init__(self, metric: BaseMetric) -> None:
        super().__init__(metric)
        self.score_name = f'Top-{metric.topk[0]}'

    def per_image(self, results: list[Any]) -> Optional[np.ndarray]:
        if self.metric.topk[0] != 1 or any(self.metric.thrs):
            return None
        return 100.0 * np.array([[_is_hit(image)] for image in results])


class _Coco(Measured):
    """``CocoMetric`` of mmdetection: its mean precision, and by size."""

    def scores(self, metrics: Mapping[str, float]) -> Scores:
        metrics = self.complete(metrics)
        # With `classwise` those of single classes come first.
        main = next((n for n in metrics if n.endswith('_mAP')), None)
        if main is None:
            return super().scores(metrics)
        self.score_name = main.replace('_', ' ')
        named = {'overall': main}
        for size in ('small', 'medium', 'large'):
            named[size] = f'{main}_{size[0]}'
        # In percent; -1 stands for no object of that size.
        return {
            name: 100 * metrics[key] if metrics[key] >= 0 else None
            for name, key in named.items()
            if key in metrics
        }

    def complete(self, metrics: Mapping[str, float]) -> Mapping[str, float]:
        return metrics or _of_nothing(self.metric)


def _of_nothing(metric: Any) -> dict[str, float]:
    """Numbers of a ``CocoMetric`` for a detector that finds nothing at all.

    mmdetection gives none then, as if nothing had been tested. Precision is 0
    where there is something to find, and -1 where there is not.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    kinds = [kind for kind in metric.metrics if kind in ('bbox', 'segm')]
    if not kinds or metric.format_only:
        return {}
    truth = metric._coco_api
    if truth is None:
        # Of a process that does not evaluate, whose numbers nobody reads.
        return {f'{kinds[0]}_mAP': float('nan')}
    found = COCO()
    found.dataset = {**truth.dataset, 'annotations': []}
    with redirect_stdout(None):
        found.createIndex()
        judge = COCOeval(truth, found, kinds[0])
        judge.params.catIds = metric.cat_ids
        judge.params.imgIds = metric.img_ids
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    names = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')
    return {f'{kinds[0]}_{n}': float(v) for n, v in zip(names, judge.stats)}


#: Metrics of hosts: module, class and what speaks for them.
_ADAPTERS: Sequence[tuple[str, str, Callable[[Any], Measured]]] = (
    ('mmseg.evaluation', 'IoUMetric', _IoU),
    ('mmpretrain.evaluation', 'Accuracy', _Accuracy),
    ('mmdet.evaluation', 'CocoMetric', _Coco),
)


def measured(metric: BaseMetric, lower_is_better: bool = False) -> Measured:
    """Whatever can say what a metric is.

    Args:
        metric (BaseMetric): Of mmengine, of a host, of ours or of yours.
        lower_is_better (bool): Of a metric that does not say so itself.

    Returns:
        Measured: Complete, whatever the metric says or leaves out.
    """
    found = _adapter(metric)(metric)
    found.lower_is_better |= lower_is_better
    return found


def main_iou(metric: Any) -> str:
    """What an ``IoUMetric`` is read by: mIoU, else the first that it has."""
    names = metric.metrics
    names = [names] if isinstance(names, str) else names
    return 'mIoU' if 'mIoU' in names else names[0]


def adds_up(metric: Any) -> bool:
    """Whether an ``IoUMetric`` is mIoU over the classes that are there.

    Only then the areas of its images give its scores.
    """
    return main_iou(metric) == 'mIoU' and metric.nan_to_num is None


def keep_small(
    evaluator: Evaluator, first: Optional[Evaluator] = None
) -> None:
    """Let metrics that keep more than they need keep less.

    Args:
        evaluator (Evaluator): Changed in place; its numbers stay the same.
        first (Evaluator, optional): One of the same config, whose annotations
            it is to share. Defaults to None.
    """
    for mine, theirs in zip(evaluator.metrics, first.metrics if first else ()):
        # A zone metric has them in the metric that it wraps.
        mine = getattr(mine, 'metric', mine)
        theirs = getattr(theirs, 'metric', theirs)
        if getattr(mine, '_coco_api', None) is not None:
            mine._coco_api = theirs._coco_api
    if 'mmpretrain.evaluation' in sys.modules:
        from .hits import keep_hits

        keep_hits(evaluator)


def _adapter(metric: BaseMetric) -> Callable[[Any], Measured]:
    if hasattr(metric, 'scores'):
        return Measured
    for module, name, adapter in _ADAPTERS:
        # No metric is of a class whose module was never imported.
        host = getattr(sys.modules.get(module), name, None)
        if host is not None and isinstance(metric, host):
            return adapter
    return Measured


def _is_hit(image: Mapping[str, Any]) -> bool:
    label = image.get('pred_label')
    label = image['pred_score'].argmax() if label is None else label
    return int(label) == int(image['gt_label'])
