"""Does it hurt more than random channels, and more than equally strong ones?

Both questions are put to the *harm*: how much worse a score gets, whichever
direction of the metric is the good one.
"""

from itertools import chain
from typing import Optional, Sequence, Union

import numpy as np

from mmchanpos.latent.sweep import Sweep
from mmchanpos.statistics import (
    Comparison,
    on_same_images,
    one_against_sample,
    resamples,
)

Span = tuple[int, int]
#: A region, or two for the harm to the first minus that to the second.
Where = Union[str, tuple[str, str]]


class Judge:
    """Compares the ablations of a sweep.

    Args:
        sweep (Sweep): The sweep.
        draws (int): Resamples of the images. Defaults to 2000.
    """

    def __init__(self, sweep: Sweep, draws: int = 2000) -> None:
        self.sweep = sweep
        self._known: dict[int, np.ndarray] = {}
        if sweep.per_image is not None:
            # The same resamples serve every ablation.
            images = sweep.per_image.shape[1]
            self._weights = np.empty((draws, images))
            counts = chain.from_iterable(resamples(images, draws))
            for i, count in enumerate(counts):
                self._weights[i] = count / images

    def against_drawn(
        self,
        kind: str,
        drawn: str,
        region: Where,
        spans: Optional[Sequence[Span]] = None,
    ) -> Optional[Comparison]:
        """Compare a ranking with random channels, at equal numbers.

        Args:
            kind (str): The ranking.
            drawn (str): ``'random'`` or ``'matched'``.
            region (str | tuple): Where to score; of a pair, how much more
                the first suffers than the second.
            spans (Sequence, optional): Rank windows (start, stop) over which
                the harm is averaged: one test for a whole curve. Defaults to
                every top N. Those that one side has no score of are left out,
                and draws that have not all of the others.

        Returns:
            Comparison: None if there is nothing to compare with.
        """
        if spans is None:
            spans = [(0, n) for n in self.sweep.tops(kind)]
        match = kind if drawn == 'matched' else None
        mine: list[int] = []
        draws: dict[Optional[int], list[int]] = {}
        for span in spans:
            own = self._scored(region, kind, span)
            others = self._scored(region, drawn, span, match)
            if own and others:
                mine += own
                for row in others:
                    seed = self.sweep.rows[row].seed
                    draws.setdefault(seed, []).append(row)
        whole = [rows for rows in draws.values() if len(rows) == len(mine)]
        if not whole:
            return None
        one = self._mean(mine, region)
        apart = one - np.stack([self._mean(rows, region) for rows in whole])
        return one_against_sample(apart[:, 0], apart[:, 1:].mean(axis=0))

    def between_regions(
        self, kind: str, one: str, other: str
    ) -> Optional[Comparison]:
        """Whether a ranking hurts one region more than another.

        Args:
            kind (str): The ranking; its harm is averaged over all top N.
            one (str): The region expected to suffer.
            other (str): The region to compare with.

        Returns:
            Comparison: None without values per image.
        """
        if self.sweep.per_image is None:
            return None
        where = one, other
        rows = [
            row
            for n in self.sweep.tops(kind)
            for row in self._scored(where, kind, (0, n))
        ]
        if not rows:
            return None
        apart = self._mean(rows, where)
        return on_same_images(apart[0], apart[1:])

    def _scored(
        self, region: Where, kind: str, span: Span, match: Optional[str] = None
    ) -> list[int]:
        """Rows of an ablation, without those that nothing could be scored in.

        A detector that finds no object any more has no precision.
        """
        rows = self.sweep.find(kind, *span, match)
        return [r for r in rows if np.isfinite(self._harms(r, region)[0])]

    def _mean(self, rows: Sequence[int], region: Where) -> np.ndarray:
        return np.mean([self._harms(row, region) for row in rows], axis=0)

    def _harms(self, row: int, region: Where) -> np.ndarray:
        """Harm in the whole set, then in every resample of its images."""
        if isinstance(region, tuple):
            one, other = (self._harms(row, part) for part in region)
            return one - other
        exact = self.sweep.harm(row, region)
        if self.sweep.per_image is None:
            return np.array([exact])
        column = self.sweep.regions.index(region)
        reference = self.resampled(self.sweep.reference)[:, column]
        change = self.resampled(row)[:, column] - reference
        sign = 1 if self.sweep.lower_is_better else -1
        return np.concatenate([[exact], sign * change])

    def resampled(self, row: int) -> np.ndarray:
        """Scores in every resample of the images, (resamples, regions)."""
        if row not in self._known:
            self._known[row] = self.sweep.resampled(row, self._weights)
        return self._known[row]
