"""The miss rate of CityPersons as a metric of mmengine."""

import logging
from functools import cache
from typing import Any, Mapping, Optional, Sequence, Union

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmchanpos.errors import InputError
from mmchanpos.files import clean, write_json
from mmchanpos.registry import METRICS

from .miss_rate import (
    VARIANTS,
    MissRate,
    PersonDetections,
    PersonTruth,
    miss_rates,
)
from .miss_rate_results import to_detections, to_rows
from .miss_rate_setups import TABLE_S1, resolve_setup, with_sides

#: Images below which the published rule reads points that are not there.
FEWEST = 100


@METRICS.register_module()
class CityPersonsMissRate(BaseMetric):
    """Log-average miss rate MR^-2 in percent; lower is better.

    Equal to the official evaluator to the last bit. Ground truth comes with
    the samples of :class:`CityPersonsDataset`, so there is no second file to
    keep in step: the pipeline ends with ``PackDetInputs`` whose ``meta_keys``
    hold ``'img_id'``, ``'ori_shape'`` and ``'instances'``. Of a detector of
    many classes the first one counts, which in COCO is a person.

    Args:
        setups (Sequence[str | dict]): Names out of ``SETUPS``, or
            ``dict(name=..., height=(h0, h1), visibility=(v0, v1))``.
            Defaults to the four columns of Table S1.
        sides (Sequence[str]): Adds every setup for people in the ``'left'``
            or ``'right'`` half of the image. Defaults to ().
        variant (str): ``'official'``, or ``'pedestron'``, which clips recall
            below 1. Defaults to ``'official'``.
        strict (bool): Do without the wrap-around of the public evaluators,
            see :func:`miss_rates`. Defaults to False.
        by (str): What an attack scores, ``'MR'`` or ``'AP'``. Defaults to
            ``'MR'``.
        outfile_prefix (str, optional): Write ``{prefix}.bbox.json``, the
            public result format, and ``{prefix}.curves.json``, miss rate
            against FPPI. Defaults to None.
        format_only (bool): Write the result file and evaluate nothing.
            Defaults to False.
        collect_device (str): Defaults to ``'cpu'``.
        prefix (str, optional): Defaults to ``'citypersons'``.

    Example:
        >>> val_evaluator = dict(
        ...     type='mmchanpos.CityPersonsMissRate', sides=['left'])
    """

    default_prefix = 'citypersons'
    boxes: Mapping[str, Any] = {}

    def __init__(
        self,
        setups: Sequence[Union[str, dict[str, Any]]] = TABLE_S1,
        sides: Sequence[str] = (),
        variant: str = 'official',
        strict: bool = False,
        by: str = 'MR',
        outfile_prefix: Optional[str] = None,
        format_only: bool = False,
        collect_device: str = 'cpu',
        prefix: Optional[str] = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if variant not in VARIANTS:
            raise InputError(f'variant is one of {VARIANTS}, got "{variant}".')
        if by not in ('MR', 'AP'):
            raise InputError(f'by is MR or AP, got "{by}".')
        if format_only and outfile_prefix is None:
            raise InputError('format_only needs an outfile_prefix.')
        self.setups = with_sides([resolve_setup(s) for s in setups], sides)
        self.variant = variant
        self.strict = strict
        self.score_name = by
        self.lower_is_better = by == 'MR'
        self.outfile_prefix = outfile_prefix
        self.format_only = format_only

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the people and the detections of people of each image."""
        for sample in data_samples:
            found = {
                name: sample['pred_instances'][name].detach().cpu().numpy()
                for name in ('bboxes', 'scores', 'labels')
            }
            person = found['labels'] == 0
            image = sample.get('img_path', sample['img_id'])
            boxes, scores = found['bboxes'][person], found['scores'][person]
            detections = to_detections(boxes, scores, image)
            truth = _truth(sample)
            self.results.append((int(sample['img_id']), truth, detections))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Miss rates and average precisions in percent.

        Returns:
            dict[str, float]: ``MR_{setup}`` and ``AP_{setup}``; -100 where a
            setup leaves nobody to be found, as the official script prints.
        """
        results = sorted(results, key=lambda result: result[0])
        # mmengine gathers them from all processes as plain tuples.
        ids = [i for i, _, _ in results]
        truths = [PersonTruth(*truth) for _, truth, _ in results]
        detections = [PersonDetections(*found) for _, _, found in results]
        if self.outfile_prefix is not None:
            rows = [to_rows(d, i) for i, d in zip(ids, detections)]
            write_json(f'{self.outfile_prefix}.bbox.json', sum(rows, []))
        if self.format_only:
            return {}
        if len(results) < FEWEST and not self.strict:
            _warn_of_few(len(results))
        rates = miss_rates(
            truths, detections, self.setups, self.variant, self.strict
        )
        if self.outfile_prefix is not None:
            write_json(f'{self.outfile_prefix}.curves.json', curves(rates))
        empty = [name for name, rate in rates.items() if not rate.people]
        if empty:
            print_log(
                f'Nobody is to be found in {", ".join(empty)}: MR is -100.',
                logger='current',
                level=logging.WARNING,
            )
        return {
            **{f'MR_{n}': 100 * rate.value for n, rate in rates.items()},
            **{f'AP_{n}': 100 * rate.ap for n, rate in rates.items()},
        }

    def scores(
        self, metrics: Mapping[str, float]
    ) -> dict[str, Optional[float]]:
        """Miss rates by setup, as Table S1 has them; see :class:`Measured`.

        Or average precisions, whose rise is a gain, if it goes ``by`` them.
        """
        head = f'{self.score_name}_'
        return {
            name[len(head) :]: value if value >= 0 else None
            for name, value in metrics.items()
            if name.startswith(head)
        }

    def per_image(self, results: list) -> None:
        """Nothing: a miss rate is no mean over images."""


def curves(found: dict[str, MissRate]) -> dict[str, dict[str, Any]]:
    """Miss rates by setup, as ``.curves.json`` has them."""
    names = ('mr', 'ap', 'fppi', 'miss', 'people')
    return clean(
        {name: dict(zip(names, rate)) for name, rate in found.items()}
    )


def _truth(sample: dict) -> PersonTruth:
    instances = sample.get('instances')
    if instances is None or 'ori_shape' not in sample:
        raise InputError(
            'A sample brings no ground truth. CityPersonsMissRate wants a '
            'mmchanpos.CityPersonsDataset whose test pipeline ends with '
            "PackDetInputs(meta_keys=('img_id', 'img_path', 'ori_shape', "
            "'img_shape', 'scale_factor', 'instances'))."
        )
    try:
        boxes, ignore, heights, visibility = (
            np.array([row[name] for row in instances], np.float64)
            for name in ('full_box', 'never_counts', 'height', 'visibility')
        )
    except KeyError as e:
        raise InputError(
            f'Ground truth has no {e}; a mmchanpos.CityPersonsDataset was '
            'wanted.'
        ) from e
    width = int(sample['ori_shape'][1])
    boxes, ignore = boxes.reshape(-1, 4), ignore.astype(bool)
    return PersonTruth(boxes, ignore, heights, visibility, width)


@cache
def _warn_of_few(images: int) -> None:
    # Once, and not for every ablation and zone.
    print_log(
        f'{images} images: below {FEWEST} the published rule reads the best '
        'recall where a curve has no point yet, so that MR can be 0 though '
        'nearly all are missed. Take more images, or strict=True.',
        logger='current',
        level=logging.WARNING,
    )
