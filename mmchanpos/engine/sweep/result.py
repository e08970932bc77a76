"""What a sweep measured: metrics per ablation and what they rest on."""

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Optional, Sequence

import numpy as np
from mmengine.dist import all_gather_object
from mmengine.evaluator import Evaluator
from mmengine.structures import BaseDataElement

from mmchanpos.engine.batches import images_of
from mmchanpos.evaluation.areas import on_cpu
from mmchanpos.evaluation.measured import Measured
from mmchanpos.files import clean
from mmchanpos.latent import Ablation, ChannelRanking
from mmchanpos.latent.atlas import AtlasMaker
from mmchanpos.latent.sweep import Row, Sweep
from mmchanpos.latent.tap import Latent

from .examples import Examples


@dataclass
class SweepResult:
    """Collects the results of every ablation, until they are a sweep.

    Args:
        plan (Sequence[Ablation]): One per row; the first is the reference.
        evaluators (Sequence[Evaluator]): One per row.
        subject (Measured): What the first metric of each says of itself.
        examples (Examples): Keeps predictions of a few images.
        atlas (AtlasMaker): Looks at the latents.
    """

    plan: Sequence[Ablation]
    evaluators: Sequence[Evaluator]
    subject: Measured
    examples: Examples
    atlas: AtlasMaker
    places: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def begin(
        self, batch: dict, places: Sequence[int], names: Sequence[str]
    ) -> None:
        """Start a batch of images with these places in the data set."""
        self._batch = batch
        self._places, self._names = list(places), list(names)
        self._looked: dict[str, Any] = {}
        self._before = [len(results) for results in self._results()]
        self.examples.begin(batch, places)

    def _results(self) -> list[list[Any]]:
        """What every metric of every evaluator keeps of its images."""
        return [m.results for e in self.evaluators for m in e.metrics]

    def look(self, latent: Latent, channel_dim: int) -> None:
        """Look at the latent of the batch, nothing ablated."""
        self._looked = self.atlas.add(
            latent, channel_dim, images_of(self._batch), self._places
        )

    def add(self, row: int, outputs: Sequence[BaseDataElement]) -> None:
        """Evaluate what was predicted for each image in one ablation."""
        self.evaluators[row].process(outputs, self._batch)
        self.examples.add(row, outputs)

    def end(self) -> dict[str, Any]:
        """End the batch; gives what :meth:`restore` needs to do it again."""
        kept = [*zip(self._results(), self._before)]
        # The counts of all ablations come from a GPU in one copy.
        here = iter(on_cpu([x for results, n in kept for x in results[n:]]))
        for results, n in kept:
            results[n:] = [*islice(here, len(results) - n)]
        self.places += self._places
        self.names += self._names
        return dict(
            places=self._places,
            names=self._names,
            results=[results[n:] for results, n in kept],
            examples=self.examples.end(),
            atlas=self._looked,
        )

    def restore(self, entry: dict[str, Any]) -> None:
        """Take over a batch of an earlier run."""
        self.places += entry['places']
        self.names += entry['names']
        for results, new in zip(self._results(), entry['results']):
            results += new
        self.examples.restore(entry['examples'])
        self.atlas.restore(entry['atlas'])

    def evaluate(self, size: int) -> dict[str, float]:
        """Compute the metrics of every row, in all processes together.

        Gives those of the reference, of a data set of this size.
        """
        self.per_image = self._gather(self._per_image())
        for ablation, evaluator in zip(self.plan, self.evaluators):
            metrics = {
                name: float(value)
                for name, value in evaluator.evaluate(size).items()
                if isinstance(value, (int, float, np.number))
            }
            about = ablation.as_dict()
            if about['start'] == about['stop']:
                about = {**about, 'kind': 'none'}
                about.pop('seed', None)
            self.rows.append(
                Row(
                    **about,
                    scores=clean(self.subject.scores(self._own(metrics))),
                    metrics=clean(metrics),
                )
            )
        return dict(self.rows[0].metrics)

    def _own(self, metrics: dict[str, float]) -> dict[str, float]:
        """Numbers of the metric that is scored, by its own names."""
        prefix = self.evaluators[0].metrics[0].prefix
        head = f'{prefix}/' if prefix else ''
        own = [name for name in metrics if name.startswith(head)]
        return {name[len(head) :]: metrics[name] for name in own}

    def _per_image(self) -> Optional[np.ndarray]:
        """(rows, images of this process, ...), where the metric tells it."""
        firsts = [evaluator.metrics[0] for evaluator in self.evaluators]
        rows = [self.subject.per_image(metric.results) for metric in firsts]
        return None if any(row is None for row in rows) else np.stack(rows)

    def _gather(self, mine: Optional[np.ndarray]) -> Optional[np.ndarray]:
        parts = all_gather_object((self.places, self.names, mine))
        places = np.array([place for part in parts for place in part[0]])
        names = [name for part in parts for name in part[1]]
        # Samplers pad, so an image may have been seen by two processes.
        _, chosen = np.unique(places, return_index=True)
        self.images = [Path(names[i]).stem for i in chosen]
        self.examples.gather()
        self.atlas.gather(all_gather_object(self.atlas))
        if any(part[2] is None for part in parts):
            return None
        return np.concatenate([p[2] for p in parts], axis=1)[:, chosen]

    def sweep(self, rankings: Sequence[ChannelRanking], **about: Any) -> Sweep:
        """Everything that was measured, with more for :class:`Sweep`."""
        return Sweep(
            self.rows,
            self.subject.score_name,
            self.subject.lower_is_better,
            rankings[0].channels,
            self.subject.boxes,
            self.images,
            self.per_image,
            rankings,
            self.examples.arrays(self.evaluators[0]),
            self.atlas.atlas(),
            **about,
        )
