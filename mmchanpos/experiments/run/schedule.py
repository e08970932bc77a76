"""Run the steps of experiments, several at a time where none waits."""

import time
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from rich.console import Console

from mmchanpos.errors import InputError

from .processes import executor
from .progress import StepProgress
from .steps import Context, Step
from .store import Store

Results = Dict[str, Any]


class Work(NamedTuple):
    """A step still to be done.

    Attributes:
        step (Step): The step.
        users (list of int): Numbers of the experiments that have it; several
            may share it.
        folder (Path): Its own folder.
    """

    step: Step
    users: List[int]
    folder: Path


def run_steps(
    stores: Sequence[Store],
    console: Console,
    jobs: int = 1,
    fresh: bool = False,
    finished: Callable[[int, Results], None] = lambda number, results: None,
) -> None:
    """Do what is still to be done in several experiments.

    What others wait for longest comes first. If a step fails, those that run
    beside it still end and are stored.

    Args:
        stores (sequence of Store): One per experiment.
        console (Console): Where to show the progress.
        jobs (int): Steps at a time. Defaults to 1.
        fresh (bool): Forget stored results. Defaults to False.
        finished (Callable): Called with the number of each experiment and all
            its results, as soon as they are there.
    """
    results: List[Results] = [{} for _ in stores]
    todo = _todo(stores, results, fresh)
    known = sum(map(len, results))
    if known:
        every = sum(len(store.steps) for store in stores)
        console.print(f'{known} of {every} steps are done already.')
    progress = StepProgress(console, [work.step for work in todo], jobs)
    waiting = list(range(len(stores)))
    running: Dict[Future, Work] = {}
    failed: List[BaseException] = []

    def name_of(work: Work) -> str:
        alone = len(stores) == 1
        return work.step.name if alone else '/'.join(work.folder.parts[-2:])

    def start(work: Work) -> None:
        first = work.users[0]
        context = stores[first].begin(work.step, results[first], fresh)
        progress.started(name_of(work), work.step)
        running[pool.submit(_perform, work.step, context)] = work

    def end(work: Work, future: Future) -> None:
        error = future.exception()
        if error is not None:
            failed.append(error)
            if not isinstance(error, InputError):
                console.print(
                    f'step "{work.step.name}" failed; its folder is '
                    f'{work.folder}. The steps before it are kept.',
                    markup=False,
                )
            return
        result, seconds = future.result()
        progress.ended(name_of(work), seconds)
        kept = stores[work.users[0]].finish(work.step, result, seconds)
        for user in work.users:
            results[user][work.step.name] = kept

    def conclude() -> None:
        for number in list(waiting):
            if len(results[number]) == len(stores[number].steps):
                waiting.remove(number)
                finished(number, results[number])

    conclude()
    with executor(jobs) as pool, progress:
        while running or (todo and not failed):
            for work in [] if failed else list(todo):
                done = set(results[work.users[0]])
                if len(running) < jobs and work.step.after() <= done:
                    todo.remove(work)
                    start(work)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                end(running.pop(future), future)
            conclude()
    if failed:
        raise failed[0]


def _todo(
    stores: Sequence[Store], results: List[Results], fresh: bool
) -> List[Work]:
    """Steps that have no result yet; the others' results are filled in."""
    todo: Dict[Path, Work] = {}
    urgent: Dict[Path, float] = {}
    for number, (store, found) in enumerate(zip(stores, results)):
        chains = _chains(store)
        for step in store.steps:
            stored = None if fresh else store.result(step)
            if stored is not None:
                (found[step.name],) = stored
                continue
            folder = store.folders[step.name]
            todo.setdefault(folder, Work(step, [], folder)).users.append(
                number
            )
            urgent[folder] = max(urgent.get(folder, 0), chains[step.name])
    # Equal ones, as in a table of trainings, stay in their order.
    return sorted(todo.values(), key=lambda work: -urgent[work.folder])


def _chains(store: Store) -> Dict[str, float]:
    """Seconds from the start of each step to the end of what waits for it."""
    chains: Dict[str, float] = {}
    for step in reversed(store.steps):
        later = [chains[s.name] for s in store.steps if step.name in s.after()]
        chains[step.name] = step.seconds + max(later, default=0.0)
    return chains


def _perform(step: Step, context: Context) -> Tuple[Any, float]:
    """The result of a step, and how many seconds it took."""
    began = time.monotonic()
    try:
        result = step.run(context)
    except InputError as e:
        raise InputError(f'step "{step.name}": {e}') from e
    return result, time.monotonic() - began
