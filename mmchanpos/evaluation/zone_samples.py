"""What is left of an image's predictions and truth in one zone."""

from typing import Any, Mapping

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmchanpos.errors import InputError

from .areas import Truths
from .zones import Zone

#: Below every range of areas that an evaluator of COCO has.
_NO_AREA = -1.0
#: Shared, as every ablation of a sweep has a metric of its own, which then
#: finds what it made ready of the same truth.
_TRUTHS = Truths()


def in_zone(sample: Mapping[str, Any], zone: Zone, metric: Any) -> dict:
    """A sample of which a metric sees one zone alone.

    Args:
        sample (mapping): Predictions and truth of an image, of which nothing
            is changed.
        zone (Zone): Which part.
        metric (BaseMetric): Whose ``ignore_index`` pixels outside get.

    Returns:
        dict: The same keys.
    """
    part = dict(sample)
    if 'gt_sem_seg' in sample:
        ignored = getattr(metric, 'ignore_index', 255)
        data = _truth_in(sample['gt_sem_seg']['data'], zone, ignored)
        part['gt_sem_seg'] = {**sample['gt_sem_seg'], 'data': data}
    if 'pred_instances' not in sample:
        return part
    if 'ori_shape' not in sample:
        raise InputError(
            'zones of boxes need ori_shape: add it to the meta_keys of '
            'PackDetInputs.'
        )
    height, width = sample['ori_shape'][:2]
    part['pred_instances'] = _pick(
        sample['pred_instances'],
        zone.holds(_corners(sample['pred_instances']), width, height),
    )
    # A pipeline that loads no annotations leaves them there, but empty.
    truth = sample.get('gt_instances') or {}
    if 'bboxes' in truth:
        kept = zone.holds(_corners(truth), width, height)
        part['gt_instances'] = _pick(truth, kept)
        others = _pick(truth, ~kept)
        before = sample.get('ignored_instances') or {}
        part['ignored_instances'] = {
            name: torch.cat([before[name], others[name]])
            if name in before
            else others[name]
            for name in ('bboxes', 'labels')
            if name in others
        }
    if 'instances' in sample:
        rows = sample['instances']
        kept = zone.holds(_boxes_of(rows), width, height)
        part['instances'] = [
            row if inside else dict(row, never_counts=True, ignore_flag=1)
            for row, inside in zip(rows, kept)
        ]
    return part


def _truth_in(truth: torch.Tensor, zone: Zone, ignored: int) -> torch.Tensor:
    """The truth with pixels outside ignored, in the same memory each time."""

    def make() -> torch.Tensor:
        outside = ~zone.mask(*truth.shape[-2:]).to(truth.device)
        return truth.masked_fill(outside, ignored)

    return _TRUTHS.ready(truth, (zone, ignored), make)


def truth_in_zone(metric: BaseMetric, zone: Zone) -> None:
    """Let a metric that has read annotations of COCO ignore what is outside.

    Objects outside stay, with an area that no range of areas holds: what
    matches them then counts neither for nor against.

    Args:
        metric (BaseMetric): Its own truth is exchanged, if it has one.
        zone (Zone): Which part.
    """
    # Without a file it has made annotations of the samples by now.
    api = getattr(metric, '_coco_api', None)
    if api is None:
        return
    rows = api.dataset.get('annotations', [])
    images = [api.imgs[row['image_id']] for row in rows]
    sizes = np.array([[i['width'], i['height']] for i in images])
    corners = np.array([row['bbox'] for row in rows], float).reshape(-1, 4)
    corners[:, 2:] += corners[:, :2]
    kept = zone.holds(corners, *sizes.reshape(-1, 2).T)
    inside = [
        row if keep else dict(row, area=_NO_AREA)
        for row, keep in zip(rows, kept)
    ]
    mine = type(api)()
    mine.dataset = {**api.dataset, 'annotations': inside}
    mine.createIndex()
    # The classes in the order of the data set, as the metric has sorted them.
    mine.cats = api.cats
    metric._coco_api = mine


def _corners(instances: Mapping[str, Any]) -> np.ndarray:
    boxes = instances['bboxes']
    boxes = getattr(boxes, 'tensor', boxes)  # mmdetection's own class
    if isinstance(boxes, torch.Tensor):
        boxes = boxes.detach().cpu().numpy()
    return np.asarray(boxes, np.float64).reshape(-1, 4)


def _boxes_of(rows: list[dict[str, Any]]) -> np.ndarray:
    """Corners of annotations; those of CityPersons have width and height."""
    own = np.array(['full_box' in row for row in rows], bool)
    boxes = [row.get('full_box', row.get('bbox')) for row in rows]
    corners = np.array(boxes, np.float64).reshape(-1, 4)
    corners[own, 2:] += corners[own, :2]
    return corners


def _pick(instances: Mapping[str, Any], kept: np.ndarray) -> dict:
    if kept.all():
        return dict(instances)
    numbers = np.flatnonzero(kept)
    return {
        name: [value[i] for i in numbers]
        if isinstance(value, (list, tuple))
        else value[numbers]
        for name, value in instances.items()
    }
