"""Which step runs, and how long the rest will take."""

import time
from typing import Sequence

from rich.console import Console
from rich.text import Text

from .steps import Step


class StepProgress:
    """A line per step that ends, and in a terminal one that says what runs.

    The remaining time is the sum of what the steps say they take, corrected
    by how long those done in this run really took.

    Args:
        console (Console): Where to show it.
        steps (Sequence[Step]): The steps still to be done.
        jobs (int): How many run at a time. Defaults to 1.
    """

    def __init__(
        self, console: Console, steps: Sequence[Step], jobs: int = 1
    ) -> None:
        self.console, self.jobs = console, jobs
        self._total, self._ended = len(steps), 0
        self._waiting = sum(step.seconds for step in steps)
        self._running: dict[str, tuple[Step, float]] = {}
        self._said = self._took = 0.0

    def pace(self) -> float:
        """Time taken over time stated, one while nothing is known."""
        # Thirty seconds of belief in the statement calm the first steps.
        return (self._took + 30) / (self._said + 30)

    def remaining(self) -> float:
        """Seconds until the end."""
        now, pace = time.monotonic(), self.pace()
        left = pace * self._waiting
        for step, began in self._running.values():
            left += max(pace * step.seconds - (now - began), 0.0)
        return left / self.jobs

    def started(self, name: str, step: Step) -> None:
        """Show under a name that a step runs."""
        self._waiting -= step.seconds
        self._running[name] = step, time.monotonic()

    def ended(self, name: str, seconds: float) -> None:
        """Count what was started; it took so many seconds."""
        step, _ = self._running.pop(name)
        self._ended += 1
        self._took += seconds
        self._said += step.seconds
        self.console.print(
            f'[{self._ended}/{self._total}] {name}: {duration(seconds)}, '
            f'about {duration(self.remaining())} to go',
            highlight=False,
            markup=False,
        )

    def __rich__(self) -> Text:
        left = duration(self.remaining())
        return Text(f'about {left} to go: {", ".join(self._running)}')


def duration(seconds: float) -> str:
    """Write a time span for people."""
    whole = round(seconds)
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60:02d} s'
    return f'{whole // 3600} h {whole % 3600 // 60:02d} min'
