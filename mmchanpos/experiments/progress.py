"""Which step runs, and how long the rest will take."""

import time
from contextlib import contextmanager
from typing import Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from .steps import Step


class StepProgress:
    """A bar in a terminal, one line per step elsewhere.

    The remaining time is the sum of what the steps say they take, corrected
    by how long those done in this run really took.

    Args:
        console (Console): Where to show it.
        steps (Sequence[Step]): The steps still to be done.
    """

    def __init__(self, console: Console, steps: Sequence[Step]) -> None:
        self.console = console
        self.todo = list(steps)
        self._number = 0
        self._said = self._took = 0.0

    def pace(self) -> float:
        """Time taken over time stated, one while nothing is known."""
        # Thirty seconds of belief in the statement calm the first steps.
        return (self._took + 30) / (self._said + 30)

    def remaining(self) -> float:
        """Seconds until the end, from the start of the current step."""
        return self.pace() * sum(s.seconds for s in self.todo[self._number :])

    @contextmanager
    def running(self, step: Step) -> Iterator[None]:
        """Show that a step runs, and count it when it has ended."""
        total = len(self.todo)
        head = f'[{self._number + 1}/{total}] {step.name}'
        began = time.monotonic()
        with self._bar(head, began):
            yield
        took = time.monotonic() - began
        self._number += 1
        self._took += took
        self._said += step.seconds
        self.console.print(
            f'{head}: {duration(took)}, '
            f'about {duration(self.remaining())} to go',
            highlight=False,
            markup=False,
        )

    @contextmanager
    def _bar(self, head: str, began: float) -> Iterator[None]:
        if not self.console.is_terminal:
            yield
            return
        everything = self._took + self.remaining()
        columns = [TextColumn('{task.description}'), BarColumn()]
        columns.append(_Remaining(began, self._took, everything))
        progress = Progress(
            *columns,
            console=self.console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with progress:
            # The bar moves with the clock, but never past 99 of 100.
            task = progress.add_task(head, total=max(everything, 1.0))
            progress.update(task, completed=self._took)
            yield


class _Remaining(TextColumn):
    """Moves the bar by the clock and says what is left."""

    def __init__(self, began: float, before: float, total: float) -> None:
        self.began, self.before, self.total = began, before, total
        super().__init__('')

    def render(self, task):
        """Text of the column."""
        from rich.text import Text

        now = self.before + time.monotonic() - self.began
        task.completed = min(now, 0.99 * max(self.total, 1.0))
        return Text(f'about {duration(max(self.total - now, 0))} to go')


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
