"""Run an experiment step by step and show what came of it."""

from typing import Any, Callable, Dict, List, Optional, Sequence

from rich.console import Console

from mmchanpos.engine.hosts import versions
from mmchanpos.report import Page, Section, provenance

from .catalogue import Experiment
from .progress import duration
from .schedule import run_steps
from .setting import Setting
from .steps import Context
from .store import Store


def reproduce(
    experiments: Sequence[Experiment],
    setting: Setting,
    console: Optional[Console] = None,
    fresh: bool = False,
    finished: Callable[[int, List[Section]], None] = lambda i, found: None,
) -> List[List[Section]]:
    """Do what is still to be done, then print and save the results.

    Args:
        experiments (Sequence[Experiment]): What :func:`load` gave.
        setting (Setting): What the user chose.
        console (Console, optional): Defaults to the terminal.
        fresh (bool): Forget stored results. Defaults to False.
        finished (Callable): Called with the number of each experiment and its
            results, as soon as they are there.

    Returns:
        List[List[Section]]: The results of each experiment; they are saved in
        ``report/`` in its folder, with a page ``report.html`` beside them.
    """
    console = console or Console(highlight=False)
    stores = [_store(experiment, setting) for experiment in experiments]
    found: Dict[int, List[Section]] = {}

    def conclude(number: int, results: Dict[str, Any]) -> None:
        found[number] = _conclude(
            experiments[number], stores[number], results, console
        )
        finished(number, found[number])

    run_steps(stores, console, setting.jobs, fresh, conclude)
    return [found[i] for i in range(len(stores))]


def _conclude(
    experiment: Experiment,
    store: Store,
    results: Dict[str, Any],
    console: Console,
) -> List[Section]:
    """Read the results of the steps, save and print them."""
    sections = _read(experiment, store, results)
    folder = experiment.folder(store.setting) / 'report'
    for i, section in enumerate(sections, 1):
        section.save(folder / str(i) if len(sections) > 1 else folder)
        _print(section, console)
    page = Page(experiment.title, sections=sections)
    page.save(folder / 'report.html')
    console.print(f'\nSaved in {folder} (open report.html).', markup=False)
    return sections


def dry_run(experiment: Experiment, setting: Setting) -> List[str]:
    """What :func:`reproduce` would do, as lines of a shell script.

    Args:
        experiment (Experiment): What :func:`load` gave.
        setting (Setting): What the user chose.

    Returns:
        List[str]: Commands, and an estimate of the time as a comment.
    """
    store = _store(experiment, setting)
    lines, seconds = [f'# {experiment.title}'], 0.0
    for step in store.steps:
        done = store.result(step) is not None
        state = 'done' if done else f'about {duration(step.seconds)}'
        lines += ['', f'# {step.name}: {state}']
        lines += step.commands(store.context(step, {}))
        seconds += 0 if done else step.seconds
    where = 'two cores' if setting.quick else 'the machine of the paper'
    lines += ['', f'# about {duration(seconds)} in all on {where}']
    return lines


def _store(experiment: Experiment, setting: Setting) -> Store:
    folder = experiment.folder(setting)
    return Store(folder, list(experiment.steps(setting)), setting)


def _read(
    experiment: Experiment, store: Store, results: Dict[str, Any]
) -> List[Section]:
    folder = experiment.folder(store.setting)
    context = Context(store.setting, folder, store.folders, results)
    found = experiment.read(context)
    sections = [found] if isinstance(found, Section) else list(found)
    first = sections[0]
    first.command = first.command or experiment.command(store.setting)
    seeds = ', '.join(map(str, store.setting.seeds))
    first.details = [*first.details, provenance(seeds=seeds, **versions())]
    return sections


def _print(section: Section, console: Console) -> None:
    console.print(f'\n[bold]{section.title}[/bold]')
    for sentence in section.sentences:
        console.print(sentence, markup=False)
    for table in section.tables:
        console.print(table.rich())
