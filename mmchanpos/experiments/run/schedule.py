"""Run the steps of experiments, several at a time where none waits."""

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any, Callable, NamedTuple, Sequence

from rich.console import Console

from mmchanpos.engine.processes import executor
from mmchanpos.errors import InputError

from .progress import StepProgress
from .steps import Context, Step
from .store import Store

Results = dict[str, Any]


class Work(NamedTuple):
    """A step still to be done, and the experiments that share it."""

    step: Step
    users: list[int]
    name: str


def run_steps(
    stores: Sequence[Store],
    console: Console,
    jobs: int = 1,
    fresh: bool = False,
    finished: Callable[[int, Results], None] = lambda number, results: None,
) -> None:
    """Do what is still to be done in several experiments.

    What others wait for longest comes first. If a step fails, those that run
    beside it still end and are stored. ``finished`` gets the number of each
    experiment and all its results, as soon as they are there; ``fresh``
    forgets what is stored.
    """
    results: list[Results] = [{} for _ in stores]
    todo = _todo(stores, results, fresh)
    known = sum(map(len, results))
    if known:
        every = sum(len(store.steps) for store in stores)
        console.print(f'{known} of {every} steps are done already.')
    progress = StepProgress(console, [work.step for work in todo], jobs)
    waiting = dict(enumerate(stores))
    running: dict[Future, Work] = {}
    failed: list[BaseException] = []

    def conclude() -> None:
        for i, store in list(waiting.items()):
            if len(results[i]) == len(store.steps):
                del waiting[i]
                finished(i, results[i])

    conclude()
    with executor(jobs) as pool, console.status(progress):
        while running or (todo and not failed):
            for work in [] if failed else list(todo):
                store, found = stores[work.users[0]], results[work.users[0]]
                if len(running) < jobs and set(work.step.needs) <= set(found):
                    todo.remove(work)
                    context = store.begin(work.step, found, fresh)
                    progress.started(work.name, work.step)
                    running[pool.submit(_perform, work.step, context)] = work
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                if future.exception() is not None:
                    failed.append(future.exception())
                    continue
                result, seconds = future.result()
                progress.ended(work.name, seconds)
                store = stores[work.users[0]]
                kept = store.finish(work.step, result, seconds)
                for user in work.users:
                    results[user][work.step.name] = kept
            conclude()
    if failed:
        raise failed[0]


def _todo(
    stores: Sequence[Store], results: list[Results], fresh: bool
) -> list[Work]:
    """Steps that have no result yet; the others' results are filled in."""
    todo: dict[Path, Work] = {}
    urgent: dict[Path, float] = {}
    for number, (store, found) in enumerate(zip(stores, results)):
        # Seconds from the start of a step to the end of what waits for it.
        chains: dict[str, float] = {}
        for step in reversed(store.steps):
            later = (s for s in store.steps if step.name in s.needs)
            rest = max((chains[s.name] for s in later), default=0.0)
            chains[step.name] = step.seconds + rest
        for step in store.steps:
            stored = None if fresh else store.result(step)
            if stored is not None:
                (found[step.name],) = stored
                continue
            folder = store.folders[step.name]
            name = '/'.join(folder.parts[-2:])
            work = todo.setdefault(folder, Work(step, [], name))
            work.users.append(number)
            urgent[folder] = max(urgent.get(folder, 0), chains[step.name])
    # Equal ones, as in a table of trainings, stay in their order.
    return [todo[f] for f in sorted(todo, key=lambda f: -urgent[f])]


def _perform(step: Step, context: Context) -> tuple[Any, float]:
    """The result of a step, and how many seconds it took."""
    began = time.monotonic()
    try:
        result = step.run(context)
    except InputError as e:
        raise InputError(
            f'step "{step.name}" failed; its folder is {context.folder}, and '
            f'what is done already is kept: {e}'
        ) from e
    return result, time.monotonic() - began
