"""Scores zone by zone (mAP, miss rate, mIoU and such), from one pass."""

import copy
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
from mmengine.evaluator import BaseMetric

from mmchanpos.errors import InputError
from mmchanpos.registry import METRICS

from .areas import on_cpu
from .measured import Scores, measured
from .zone_samples import in_zone, truth_in_zone
from .zones import WHOLE, Zones, named_zones


@METRICS.register_module()
class ZoneMetric(BaseMetric):
    """Measures each zone of the image beside the whole.

    Of boxes, the centre says the zone: objects outside of it are ignored, so
    that finding them is neither right nor wrong, and detections outside are
    left out, as published. Of maps, pixels outside do not count.

    .. code:: python

        test_evaluator = dict(
            type='mmchanpos.ZoneMetric',
            metric=dict(type='CocoMetric', ann_file=..., metric='bbox'))

    Args:
        metric (dict | BaseMetric): ``CocoMetric``, ``VOCMetric``,
            ``CityPersonsMissRate``, ``IoUMetric``, ``RegionIoUMetric``, or
            one of your own that takes the truth from the samples.
        zones (Zones): Rings, or own boxes; see
            :func:`~mmchanpos.evaluation.zones.named_zones`. ``overall`` is
            there anyway. Defaults to 5 rings.

    Numbers of the whole image go by the metric's own names, those of a zone
    after its name (``z01/bbox_mAP``). ``zone_variance`` is that of the main
    number over zones, and ``zone_SP`` its mean weighted by their areas.
    """

    def __init__(
        self, metric: Union[dict, BaseMetric], zones: Zones = 5
    ) -> None:
        if isinstance(metric, dict):
            metric = METRICS.build(metric)
        super().__init__(metric.collect_device, metric.prefix)
        self.metric = metric
        self._told = measured(metric)
        self.zones = named_zones(zones)
        if self.zones.pop('overall', WHOLE) != WHOLE:
            raise InputError(
                '"overall" is the whole image: give that zone another name.'
            )
        self._all = {'overall': WHOLE, **self.zones}

    @property
    def score_name(self) -> str:
        """That of the metric."""
        return self._told.score_name

    @property
    def lower_is_better(self) -> bool:
        """As of the metric."""
        return self._told.lower_is_better

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Let the metric see each zone of each image."""
        self.metric.dataset_meta = self.dataset_meta
        for sample in data_samples:
            found = []
            for zone in self._all.values():
                part = sample
                if zone is not WHOLE:
                    part = in_zone(sample, zone, self.metric)
                self.metric.process(data_batch, [part])
                found.append(self.metric.results.pop())
            self.results.append(tuple(found))

    def evaluate(self, size: int) -> dict[str, float]:
        """As any metric does, with one copy from the device before."""
        self.results = on_cpu(self.results)
        return super().evaluate(size)

    def compute_metrics(self, results: list[tuple]) -> dict[str, float]:
        """Numbers of the whole image and of each zone.

        From one tuple per image, what the metric made of all of them.
        """
        metrics: dict[str, float] = {}
        for i, (name, zone) in enumerate(self._all.items()):
            metric = self.metric
            if zone is not WHOLE:
                metric = copy.copy(metric)
                # What is written is of the whole image.
                metric.outfile_prefix = None
                truth_in_zone(metric, zone)
            metric.dataset_meta = self.dataset_meta
            found = metric.compute_metrics([result[i] for result in results])
            found = measured(metric).complete(found)
            head = '' if zone is WHOLE else f'{name}/'
            metrics.update({head + key: v for key, v in found.items()})
        return {**metrics, **self._over_zones(self.scores(metrics))}

    def _over_zones(self, scores: Scores) -> dict[str, float]:
        known = [name for name in self.zones if scores[name] is not None]
        if not known:
            return {}
        values = [scores[name] for name in known]
        mean = np.average(values, weights=[self.zones[n].share for n in known])
        return dict(zone_variance=float(np.var(values)), zone_SP=float(mean))

    def scores(self, metrics: Mapping[str, float]) -> Scores:
        """The main number of the whole and of each zone, in points."""
        return {name: self._score(metrics, name) for name in self._all}

    def _score(
        self, metrics: Mapping[str, float], zone: str
    ) -> Optional[float]:
        # Those of the whole come first, and may have names like a zone's.
        own = metrics
        if zone in self.zones:
            own = {
                name[len(zone) + 1 :]: value
                for name, value in metrics.items()
                if name.startswith(f'{zone}/')
            }
        if not own:
            return None
        value = next(iter(self._told.scores(own).values()))
        known = value is not None and np.isfinite(value)
        return float(value) if known else None

    def per_image(self, results: list[tuple]) -> Optional[np.ndarray]:
        """What each image adds to the scores, where the metric tells it."""
        parts = [
            self._told.per_image([result[i] for result in results])
            for i in range(len(self._all))
        ]
        if any(part is None for part in parts):
            return None
        return np.concatenate([part[:, :1] for part in parts], axis=1)
