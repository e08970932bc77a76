"""Which step runs, and how long the rest will take."""

import time
from typing import Dict, Optional, Sequence, Tuple

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn
from rich.text import Text

from .steps import Step


class StepProgress:
    """A bar in a terminal, one line per step elsewhere.

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
        self.console = console
        self.jobs = jobs
        self._total = len(steps)
        self._waiting = sum(step.seconds for step in steps)
        self._running: Dict[str, Tuple[Step, float]] = {}
        self._ended = 0
        self._said = self._took = 0.0
        self._bar: Optional[Progress] = None

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

    def __enter__(self) -> 'StepProgress':
        if self.console.is_terminal and self._total:
            self._bar = Progress(
                BarColumn(),
                _State(self),
                console=self.console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._bar.add_task('', total=1.0)
            self._bar.start()
        return self

    def __exit__(self, *error) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def names(self) -> str:
        """Names of the steps that run."""
        return ', '.join(self._running)

    @property
    def share(self) -> float:
        """How much of the work is done, never quite all of it."""
        left = self.remaining() * self.jobs
        return min(self._took / max(self._took + left, 1.0), 0.99)


class _State(TextColumn):
    """Moves the bar by the clock and says what runs and what is left."""

    def __init__(self, progress: StepProgress) -> None:
        self.progress = progress
        super().__init__('')

    def render(self, task: Task) -> Text:
        """Text of the column."""
        task.completed = self.progress.share
        left = duration(self.progress.remaining())
        return Text(f'about {left} to go: {self.progress.names}')


def duration(seconds: float) -> str:
    """Write a time span for people.

    Example:
        >>> duration(4.2), duration(75), duration(3 * 3600 + 60)
        ('4 s', '1 min 15 s', '3 h 01 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f'{whole} s'
    if whole < 3600:
        return f'{whole // 60} min {whole % 60:02d} s'
    return f'{whole // 3600} h {whole % 3600 // 60:02d} min'
