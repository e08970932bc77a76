"""What a sweep measured: metrics per ablation and what they rest on."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
from mmengine.dist import all_gather_object
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from mmchanpos.files import clean, write_json, write_npz
from mmchanpos.latent import Ablation, ChannelRanking, save_rankings

from .sweep_examples import Examples


class SweepResult:
    """Collects the results of every ablation and writes ``sweep.json``.

    Args:
        plan (sequence of Ablation): One per row; the first is the reference.
        evaluators (sequence of Evaluator): One per row.
        examples (int): Images to keep predictions of.
    """

    def __init__(
        self,
        plan: Sequence[Ablation],
        evaluators: Sequence[Evaluator],
        examples: int,
    ) -> None:
        self.plan = plan
        self.evaluators = evaluators
        self.examples = Examples(plan, examples)
        self.places: List[int] = []
        self.names: List[str] = []
        self.rows: List[Dict[str, Any]] = []

    def begin(
        self, batch: dict, places: Sequence[int], names: Sequence[str]
    ) -> None:
        """Start a batch.

        Args:
            batch (dict): From the data loader.
            places (sequence of int): Of its images in the data set.
            names (sequence of str): Of its images.
        """
        self._batch = batch
        self._entry: Dict[str, Any] = {
            'places': list(places),
            'names': list(names),
            'results': [],
            'examples': {},
        }
        self._before = [
            [len(metric.results) for metric in evaluator.metrics]
            for evaluator in self.evaluators
        ]
        self.examples.begin(batch, places)

    def add(self, row: int, outputs: Sequence[BaseDataElement]) -> None:
        """Evaluate the predictions of one ablation.

        Args:
            row (int): Its number in the plan.
            outputs (sequence of BaseDataElement): One per image.
        """
        self.evaluators[row].process(outputs, self._batch)
        self.examples.add(row, outputs)

    def end(self) -> Dict[str, Any]:
        """End the batch.

        Returns:
            dict: What :meth:`restore` needs to do it again.
        """
        entry = self._entry
        entry['results'] = [
            [
                metric.results[before:]
                for metric, before in zip(evaluator.metrics, counts)
            ]
            for evaluator, counts in zip(self.evaluators, self._before)
        ]
        entry['examples'] = self.examples.end()
        self.places += entry['places']
        self.names += entry['names']
        return entry

    def restore(self, entry: Dict[str, Any]) -> None:
        """Take over a batch of an earlier run."""
        self.places += entry['places']
        self.names += entry['names']
        for evaluator, results in zip(self.evaluators, entry['results']):
            for metric, new in zip(evaluator.metrics, results):
                metric.results += new
        self.examples.restore(entry['examples'])

    def evaluate(self, size: int) -> Dict[str, float]:
        """Compute the metrics of every row, in all processes together.

        Args:
            size (int): Images in the data set.

        Returns:
            dict: Metrics of the reference.
        """
        self.per_image = self._gather(self._per_image())
        self.metric, self.boxes = _subject(self.evaluators[0])
        for ablation, evaluator in zip(self.plan, self.evaluators):
            metrics = {
                name: clean(float(value))
                for name, value in evaluator.evaluate(size).items()
                if isinstance(value, (int, float, np.number))
            }
            about = ablation.as_dict()
            if about['start'] == about['stop']:
                about = {**about, 'kind': 'none'}
                about.pop('seed', None)
            self.rows.append(
                {
                    **about,
                    'scores': self._scores(metrics),
                    'metrics': metrics,
                }
            )
        return dict(self.rows[0]['metrics'])

    def _scores(self, metrics: Dict[str, Any]) -> Dict[str, Any]:
        if self.metric == 'Top-1':
            return {'overall': metrics['accuracy/top1']}
        if self.metric == 'MR':
            # By setup, as Table S1 has them; average precision comes along,
            # but its rise would be a gain. Below 0 means that nobody is there.
            return {
                name.split('MR_')[1]: None if (value or 0) < 0 else value
                for name, value in metrics.items()
                if 'MR_' in name
            }
        if self.boxes is None:
            return dict(metrics)
        return {
            name: metrics['mIoU' if name == 'overall' else f'{name}/mIoU']
            for name in self.boxes
        }

    def _per_image(self) -> Optional[np.ndarray]:
        """(rows, images of this process, ...), where the metric tells it."""
        results = [
            evaluator.metrics[0].results for evaluator in self.evaluators
        ]
        first = results[0][0] if results[0] else None
        if isinstance(first, torch.Tensor) and first.ndim == 3:
            stacked = [torch.stack(list(row)) for row in results]
            return torch.stack(stacked).numpy().astype(np.int32)
        if isinstance(first, dict) and {'gt_label'} < set(first):
            hits = [[_hit(image) for image in row] for row in results]
            return np.array(hits, dtype=np.float32)[..., None]
        return None

    def _gather(self, mine: Optional[np.ndarray]) -> Optional[np.ndarray]:
        parts = all_gather_object((self.places, self.names, mine))
        places = np.array([place for part in parts for place in part[0]])
        names = [name for part in parts for name in part[1]]
        # Samplers pad, so an image may have been seen by two processes.
        _, chosen = np.unique(places, return_index=True)
        self.images = [Path(names[i]).stem for i in chosen]
        self.examples.gather()
        if any(part[2] is None for part in parts):
            return None
        return np.concatenate([p[2] for p in parts], axis=1)[:, chosen]

    def write(
        self,
        folder: Path,
        rankings: Sequence[ChannelRanking],
        **about: Any,
    ) -> None:
        """Write ``sweep.json`` and the files that it names.

        Args:
            folder (Path): Where.
            rankings (sequence of ChannelRanking): That were swept.
            **about: What else to say: provenance, fingerprint.
        """
        content: Dict[str, Any] = {
            'format': 1,
            'metric': self.metric,
            'higher_is_better': self.metric != 'MR',
            'channels': rankings[0].channels,
            'rows': self.rows,
            'images': self.images,
            'rankings': 'rankings.json',
            **about,
        }
        if self.boxes is not None:
            content['regions'] = {k: list(v) for k, v in self.boxes.items()}
        save_rankings(folder / 'rankings.json', rankings)
        if self.per_image is not None:
            name = 'areas' if self.boxes is not None else 'values'
            content['per_image'] = 'sweep.npz'
            write_npz(folder / 'sweep.npz', **{name: self.per_image})
        if self.examples.write(folder / 'examples.npz', self.evaluators[0]):
            content['examples'] = 'examples.npz'
        write_json(folder / 'sweep.json', content)


def _subject(evaluator: Evaluator) -> tuple:
    """What is measured: its name, and boxes by region where there are any."""
    metric = evaluator.metrics[0]
    boxes = getattr(metric, 'boxes', None)
    if boxes is not None:
        return 'mIoU', boxes
    kind = type(metric).__name__
    if kind == 'Accuracy':
        return 'Top-1', None
    return ('MR' if kind == 'CityPersonsMissRate' else 'score'), None


def _hit(image: Dict[str, torch.Tensor]) -> float:
    label = image.get('pred_label')
    if label is None:
        label = image['pred_score'].argmax()
    return 100.0 * float(int(label) == int(image['gt_label']))
