"""The sweeps of one or several trainings, asked as one.

What holds in one net may not hold in the next that is trained alike, so the
training is what a verdict counts: draws and images are nested in it.
"""

from dataclasses import dataclass
from typing import Optional, Sequence, Union, cast

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report.tables import Number
from mmchanpos.statistics import Comparison, Trend, over_trainings, p_text

from .judge import Judge, Span, Where

Source = Union[Sweep, PathLike]
Sources = Union[Source, Sequence[Source]]


@dataclass(frozen=True)
class Answer:
    """What all trainings say to one question."""

    each: tuple[Comparison, ...]

    @property
    def whole(self) -> Union[Comparison, Trend]:
        """The comparison in the one training, or the trend over all."""
        one = len(self.each) == 1
        return self.each[0] if one else over_trainings(self.each)

    @property
    def answer(self) -> str:
        """``'more'``, ``'less'``, or ``'not more'`` if either may be true."""
        return self.whole.answer

    @property
    def difference(self) -> float:
        """How much more harm, the mean over trainings."""
        return float(np.mean([found.difference for found in self.each]))

    def span(self) -> str:
        """Difference and 95 % interval, for a table."""
        low, high = self.whole.low, self.whole.high
        if np.isnan(low):  # one draw has none
            return f'{self.difference:+.2f}'
        return f'{self.difference:+.2f} ({low:+.2f} to {high:+.2f})'

    def interval(self) -> str:
        """The 95 % interval and the p value in words."""
        whole = self.whole
        if isinstance(whole, Comparison):
            return whole.interval()
        return (
            f'95 % interval for a new training {whole.low:+.2f} to '
            f'{whole.high:+.2f}, {p_text(whole.p_value)}, '
            f'{whole.in_trainings()} by itself'
        )

    def reached(self) -> str:
        """How many of all draws cost as much."""
        draws = sum(found.draws for found in self.each)
        return f'{sum(found.reached for found in self.each)} of {draws}'

    def brief(self) -> str:
        """A mark, the difference and what it rests on, for a quick eye."""
        mark = '✓' if self.answer == 'more' else '✗'
        text = f'{mark} {self.difference:+.2f}'
        if len(self.each) == 1:
            return f'{text} ({p_text(self.whole.p_value)})'
        sure = sum(found.answer == 'more' for found in self.each)
        return f'{text} (in {sure} of {len(self.each)})'


class Trainings:
    """Sweeps of the same ablations in nets that were trained alike.

    Attributes:
        sweep (Sweep): The first; what it has, all have.
    """

    def __init__(self, sources: Sources) -> None:
        found = (
            list(sources)
            if isinstance(sources, (list, tuple))
            else [cast(Source, sources)]
        )
        if not found:
            raise InputError('there is no sweep to report.')
        self.sweeps = [Sweep.load(source) for source in found]
        self.sweep = self.sweeps[0]
        for other in self.sweeps[1:]:
            self._check(other)
        self.judges = [Judge(sweep) for sweep in self.sweeps]

    @classmethod
    def of(cls, sources: Union['Trainings', Sources]) -> 'Trainings':
        """Take what is one already, else read it."""
        return sources if isinstance(sources, Trainings) else cls(sources)

    def __len__(self) -> int:
        return len(self.sweeps)

    def counted(self) -> str:
        """On how many trainings all of it rests, as a sentence."""
        if len(self) == 1:
            return 'This is one training; another may answer otherwise.'
        return f'These are {len(self)} trainings.'

    def _check(self, other: Sweep) -> None:
        for name in ('metric', 'lower_is_better', 'regions', 'kinds'):
            one, two = getattr(self.sweep, name), getattr(other, name)
            if one != two:
                raise InputError(
                    f'sweeps of several trainings must be of the same '
                    f'{name}: {one} and {two} were found.'
                )
        spans = [
            {(r.kind, r.start, r.stop) for r in sweep.rows}
            for sweep in (self.sweep, other)
        ]
        if spans[0] != spans[1]:
            odd = sorted(spans[0] ^ spans[1])[:3]
            raise InputError(
                'sweeps of several trainings must switch the same ranks off; '
                f'not in both of them: {odd}.'
            )

    def against_drawn(
        self,
        kind: str,
        drawn: str,
        region: Where,
        spans: Optional[Sequence[Span]] = None,
    ) -> Optional[Answer]:
        """As :meth:`Judge.against_drawn`, in every training."""
        return _joined(
            [j.against_drawn(kind, drawn, region, spans) for j in self.judges]
        )

    def between_regions(
        self, kind: str, one: str, other: str
    ) -> Optional[Answer]:
        """As :meth:`Judge.between_regions`, in every training."""
        return _joined(
            [j.between_regions(kind, one, other) for j in self.judges]
        )

    def scores(
        self,
        kind: str,
        start: int,
        stop: int,
        region: str,
        matches: Optional[str] = None,
    ) -> list[list[float]]:
        """Scores of an ablation: by training, one or one per draw."""
        return [
            [
                sweep.score(row, region)
                for row in sweep.find(kind, start, stop, matches)
            ]
            for sweep in self.sweeps
        ]

    def before(self, region: str) -> Number:
        """The score with nothing switched off."""
        return Number.over(
            [s.score(s.reference, region) for s in self.sweeps], digits=2
        )

    def harm(self, kind: str, region: str, *spans: Span) -> Number:
        """How much worse it gets, mean over ranks; spread over trainings."""
        return Number.over(self.harms(kind, region, *spans), digits=2)

    def harms(self, kind: str, region: str, *spans: Span) -> list[float]:
        """How much worse it gets in each training, mean over ranks."""
        means = []
        for sweep in self.sweeps:
            rows = [row for span in spans for row in sweep.find(kind, *span)]
            harms = [sweep.harm(row, region) for row in rows]
            known = [harm for harm in harms if np.isfinite(harm)]
            means.append(float(np.mean(known)) if known else np.nan)
        return means


def _joined(found: Sequence[Optional[Comparison]]) -> Optional[Answer]:
    known = tuple(answer for answer in found if answer is not None)
    return Answer(known) if len(known) == len(found) else None
