"""A ratio of two times measured in one run, with its spread."""

import os
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Sequence

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.report.provenance import processor


@dataclass
class Ratio:
    """How long one thing takes in units of another.

    Args:
        top (str): What is measured.
        bottom (str): What it is measured by.
        top_seconds (Sequence[float]): One time per repetition.
        bottom_seconds (Sequence[float]): As many times.
        at_most (float, optional): The claim, if smaller is better.
        at_least (float, optional): The claim, if larger is better.
        notes (dict): Further numbers worth keeping, e.g. sizes.
        bare (float, optional): Seconds of the network alone, forwards, on
            the same images and at the same precision.

    Example:
        >>> ratio = Ratio('a', 'b', [2.0, 2.2, 2.1], [1.0, 1.0, 1.0])
        >>> ratio.value, ratio.spread
        (2.1, (2.0, 2.2))
    """

    top: str
    bottom: str
    top_seconds: Sequence[float]
    bottom_seconds: Sequence[float]
    at_most: Optional[float] = None
    at_least: Optional[float] = None
    notes: dict[str, Any] = field(default_factory=dict)
    bare: Optional[float] = None

    def __post_init__(self) -> None:
        if len(self.top_seconds) != len(self.bottom_seconds):
            raise InputError(
                f'a ratio of {len(self.top_seconds)} times to '
                f'{len(self.bottom_seconds)}: as many are needed.'
            )
        if not len(self.top_seconds) or min(self.bottom_seconds) <= 0:
            raise InputError('a ratio needs at least one pair of real times.')

    @property
    def ratios(self) -> list[float]:
        """One ratio per repetition."""
        return [a / b for a, b in zip(self.top_seconds, self.bottom_seconds)]

    @property
    def value(self) -> float:
        """Median over the repetitions."""
        return float(np.median(self.ratios))

    @property
    def spread(self) -> tuple:
        """Smallest and largest ratio."""
        return min(self.ratios), max(self.ratios)

    @property
    def met(self) -> bool:
        """Whether the claim holds in the median."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def claim(self) -> str:
        """The claim in a few words, empty if there is none."""
        ends = (('at most', self.at_most), ('at least', self.at_least))
        said = [f'{end} {n:.3g}' for end, n in ends if n is not None]
        return ' and '.join(said)

    def json(self) -> dict[str, Any]:
        """Give everything as plain values, with the load of the machine."""
        load = os.getloadavg()[0] if hasattr(os, 'getloadavg') else None
        return dict(
            ratio=self.value,
            spread=list(self.spread),
            claim=self.claim(),
            met=self.met,
            top=self.top,
            bottom=self.bottom,
            top_seconds=[float(s) for s in self.top_seconds],
            bottom_seconds=[float(s) for s in self.bottom_seconds],
            notes=self.notes,
            bare_seconds=self.bare,
            processor=processor(),
            load=load,
        )


def compare(
    top: str,
    run_top: Callable[[], Any],
    bottom: str,
    run_bottom: Callable[[], Any],
    repeats: int = 5,
    warm_up: int = 1,
    bare: Optional[Callable[[], Any]] = None,
    **others: Any,
) -> Ratio:
    """Time two functions in turn.

    Args:
        top (str): What the first one does.
        run_top (Callable): The first one.
        bottom (str): What the second one does.
        run_bottom (Callable): The second one.
        repeats (int): Pairs to time. Defaults to 5.
        warm_up (int): Pairs to run untimed before. Defaults to 1.
        bare (Callable, optional): A forward pass of the network alone.
        **others: ``at_most``, ``at_least``, ``notes``.

    Returns:
        Ratio: Times of the first over times of the second.
    """
    times: dict[str, list[float]] = dict(top=[], bottom=[])
    for i in range(warm_up + repeats):
        pair = [('top', run_top), ('bottom', run_bottom)]
        # Each goes first as often, as the first finds the caches cold.
        for name, run in pair if i % 2 else reversed(pair):
            seconds = timed(run)
            if i >= warm_up:
                times[name].append(seconds)
    forward = None if bare is None else forward_time(bare)
    return Ratio(
        top, bottom, times['top'], times['bottom'], bare=forward, **others
    )


def forward_time(forward: Callable[[], Any]) -> float:
    """Seconds of a forward pass, the best of three."""
    import torch

    with torch.no_grad():
        return min(timed(forward) for _ in range(3))


def timed(run: Callable[[], Any]) -> float:
    """Seconds that a call takes, work queued on a GPU included."""
    _wait()
    began = time.perf_counter()
    run()
    _wait()
    return time.perf_counter() - began


def _wait() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
