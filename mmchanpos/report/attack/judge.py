"""Does it hurt more than random channels, and more than equally strong ones?

Both questions are put to the *harm*: how much worse a score gets, whichever
direction of the metric is the good one.
"""

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
            done = 0
            for counts in resamples(images, draws):
                self._weights[done : done + len(counts)] = counts / images
                done += len(counts)

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
                every top N that both sides have.

        Returns:
            Comparison: None if there is nothing to compare with.
        """
        spans = list(spans or self.shared_spans(kind, drawn))
        draws = self.draws(kind, drawn, spans)
        if not spans or not draws:
            return None
        one = self._mean([self._single(kind, s) for s in spans], region)
        others = [self._mean(rows, region) for rows in draws.values()]
        apart = one - np.stack(others)
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
        tops = self.sweep.tops(kind)
        if self.sweep.per_image is None or not tops:
            return None
        rows = [self._single(kind, (0, n)) for n in tops]
        apart = self._mean(rows, (one, other))
        return on_same_images(apart[0], apart[1:])

    def shared_spans(self, kind: str, drawn: str) -> list[Span]:
        """Every top N that a ranking and its random draws both have."""
        there = {
            (r.start, r.stop)
            for r in self.sweep.rows_of(drawn, self._match(kind, drawn))
        }
        spans = [(0, n) for n in self.sweep.tops(kind)]
        return [s for s in spans if s in there]

    def draws(
        self, kind: str, drawn: str, spans: Sequence[Span]
    ) -> dict[int, list[int]]:
        """Rows of each draw that has all of the spans, by seed."""
        found: dict[int, list[int]] = {}
        for start, stop in spans:
            match = self._match(kind, drawn)
            for row in self.sweep.find(drawn, start, stop, match):
                seed = self.sweep.rows[row].seed or 0
                found.setdefault(seed, []).append(row)
        return {s: r for s, r in found.items() if len(r) == len(spans)}

    def _match(self, kind: str, drawn: str) -> Optional[str]:
        return kind if drawn == 'matched' else None

    def _single(self, kind: str, span: Span) -> int:
        (row,) = self.sweep.find(kind, *span)
        return row

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
        reference = self._scores(self.sweep.reference)[:, column]
        change = self._scores(row)[:, column] - reference
        sign = 1 if self.sweep.lower_is_better else -1
        return np.concatenate([[exact], sign * change])

    def _scores(self, row: int) -> np.ndarray:
        """In every resample of the images, (resamples, regions)."""
        if row not in self._known:
            self._known[row] = self.sweep.resampled(row, self._weights)
        return self._known[row]
