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
        users (list of Store): The experiments that have it; several share it.
    """

    step: Step
    users: List[Store]

    @property
    def folder(self) -> Path:
        """The step's own folder."""
        return self.users[0].folders[self.step.name]


def run_steps(
    stores: Sequence[Store],
    console: Console,
    jobs: int = 1,
    fresh: bool = False,
    finished: Callable[[Store, Results], None] = lambda store, results: None,
) -> None:
    """Do what is still to be done in several experiments.

    If a step fails, those that run beside it still end and are stored.

    Args:
        stores (sequence of Store): One per experiment.
        console (Console): Where to show the progress.
        jobs (int): Steps at a time. Defaults to 1.
        fresh (bool): Forget stored results. Defaults to False.
        finished (Callable): Called with each store and all its results, as
            soon as they are there.
    """
    results: List[Results] = [{} for _ in stores]
    todo = _todo(stores, results, fresh)
    every = sum(len(store.steps) for store in stores)
    known = sum(map(len, results))
    if known:
        console.print(f'{known} of {every} steps are done already.')
    progress = StepProgress(console, [w.step for w in todo.values()], jobs)
    waiting = dict(enumerate(stores))
    running: Dict[Future, Work] = {}
    failed: List[BaseException] = []

    def name_of(work: Work) -> str:
        alone = len(stores) == 1
        return work.step.name if alone else '/'.join(work.folder.parts[-2:])

    def tell_finished() -> None:
        for i, store in list(waiting.items()):
            if len(results[i]) == len(store.steps):
                del waiting[i]
                finished(store, results[i])

    tell_finished()
    with executor(jobs) as pool, progress:
        while running or (todo and not failed):
            for folder, work in list(todo.items()):
                own = results[_place(stores, work.users[0])]
                if failed or len(running) == jobs:
                    break
                if work.step.after() <= set(own):
                    del todo[folder]
                    context = work.users[0].begin(work.step, own)
                    progress.started(name_of(work), work.step)
                    future = pool.submit(_perform, work.step, context)
                    running[future] = work
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                work = running.pop(future)
                error = future.exception()
                if error is not None:
                    failed.append(error)
                    if not isinstance(error, InputError):
                        console.print(
                            f'step "{work.step.name}" failed; its folder is '
                            f'{work.folder}. The steps before it are kept.',
                            markup=False,
                        )
                    continue
                result, seconds = future.result()
                progress.ended(name_of(work), seconds)
                kept = work.users[0].finish(work.step, result, seconds)
                for store in work.users:
                    results[_place(stores, store)][work.step.name] = kept
                tell_finished()
    if failed:
        raise failed[0]


def _todo(
    stores: Sequence[Store], results: List[Results], fresh: bool
) -> Dict[Path, Work]:
    """Steps that have no result yet; the others' results are filled in."""
    todo: Dict[Path, Work] = {}
    for store, found in zip(stores, results):
        for step in store.steps:
            stored = None if fresh else store.result(step)
            if stored is not None:
                (found[step.name],) = stored
                continue
            folder = store.folders[step.name]
            todo.setdefault(folder, Work(step, [])).users.append(store)
    return todo


def _place(stores: Sequence[Store], store: Store) -> int:
    return next(i for i, other in enumerate(stores) if other is store)


def _perform(step: Step, context: Context) -> Tuple[Any, float]:
    """The result of a step, and how many seconds it took."""
    began = time.monotonic()
    try:
        result = step.run(context)
    except InputError as e:
        raise InputError(f'step "{step.name}": {e}') from e
    return result, time.monotonic() - began
