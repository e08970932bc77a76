"""SPC and MAE of every read-out of PosENet, per source of images."""

from functools import partial
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import torch
from mmengine.dist import is_main_process
from mmengine.evaluator import BaseMetric

from mmchanpos.errors import InputError
from mmchanpos.files import write_json
from mmchanpos.registry import METRICS

from .areas import Truths
from .position_map_scores import RankCorrelation, mean_absolute_error


@METRICS.register_module()
class PositionMapMetric(BaseMetric):
    """Spearman correlation (SPC) and mean absolute error (MAE) of maps.

    Both are taken per image and then averaged over the images of a source,
    as in the paper. A constant prediction has SPC 0.

    Samples hold ``position_maps``, a (H, W) prediction by the name of each
    read-out, ``position_truths``, a (H, W) map by name, and ``source``. The
    name of a read-out is that of its map and what else it is, in five parts
    joined by underscores (``H_all_k3_l1_p0_s0``).

    Args:
        out_file (str, optional): JSON file for all scores, with their
            standard deviation over images. Defaults to None.
        collect_device (str): As in mmengine.
        prefix (str, optional): Defaults to ``position``.

    A config::

        test_evaluator = dict(type='mmchanpos.PositionMapMetric')
    """

    default_prefix = 'position'

    def __init__(
        self,
        out_file: Optional[str] = None,
        collect_device: str = 'cpu',
        prefix: Optional[str] = None,
    ) -> None:
        super().__init__(collect_device, prefix)
        self.out_file = out_file
        self._ranked = Truths()

    def process(
        self, data_batch: Any, data_samples: Sequence[Mapping[str, Any]]
    ) -> None:
        """Score a batch, all its images at once for each read-out."""
        for sample in data_samples:
            if 'position_maps' not in sample:
                raise InputError(
                    'PositionMapMetric was given samples without '
                    '"position_maps"; it scores mmchanpos.PosENet.'
                )
        truths = data_samples[0]['position_truths']
        scores: list[dict[str, Any]] = [
            {'source': sample.get('source', 'images'), 'scores': {}}
            for sample in data_samples
        ]
        for name in data_samples[0]['position_maps']:
            maps = torch.stack(
                [s['position_maps'][name] for s in data_samples]
            )
            label = name.rsplit('_', 5)[0]
            truth = truths[label]
            ranked = self._ranked.ready(
                truth, (), partial(RankCorrelation, truth)
            )
            mae = mean_absolute_error(maps, truth).tolist()
            for result, *pair in zip(scores, ranked(maps).tolist(), mae):
                result['scores'][name] = pair
        self.results.extend(scores)

    def compute_metrics(
        self, results: list[dict[str, Any]]
    ) -> dict[str, float]:
        """Average over the images of each source.

        Returns:
            dict: ``<source>/<read-out>/SPC`` and ``.../MAE``.
        """
        rows = []
        for source in dict.fromkeys(r['source'] for r in results):
            images = [r['scores'] for r in results if r['source'] == source]
            for name in images[0]:
                pairs = np.array([scores[name] for scores in images])
                spc, mae = pairs.mean(0).tolist()
                spread = pairs.std(0, ddof=1) if len(pairs) > 1 else (0, 0)
                row = dict(source=source, readout=name, images=len(pairs))
                row.update(SPC=spc, MAE=mae)
                row.update(SPC_std=float(spread[0]), MAE_std=float(spread[1]))
                rows.append(row)
        if self.out_file is not None and is_main_process():
            write_json(self.out_file, rows)
        return {
            f'{row["source"]}/{row["readout"]}/{score}': row[score]
            for row in rows
            for score in ('SPC', 'MAE')
        }
