"""Run an experiment step by step and show what came of it."""

import time
from typing import Any, Dict, List, Optional

from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.report import Page, Section, provenance

from .catalogue import Experiment
from .progress import StepProgress, duration
from .setting import Setting
from .steps import Context
from .store import Store


def reproduce(
    experiment: Experiment,
    setting: Setting,
    console: Optional[Console] = None,
    fresh: bool = False,
) -> List[Section]:
    """Do what is still to be done, then print and save the results.

    Args:
        experiment (Experiment): What :func:`load` gave.
        setting (Setting): What the user chose.
        console (Console, optional): Defaults to the terminal.
        fresh (bool): Forget stored results. Defaults to False.

    Returns:
        List[Section]: The results; they are saved in ``report/`` in the
        folder of the experiment, with a page ``report.html`` beside them.
    """
    console = console or Console(highlight=False)
    store = _store(experiment, setting)
    results = _run(store, console, fresh)
    sections = _read(experiment, store, results)
    folder = experiment.folder(setting) / 'report'
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


def _run(store: Store, console: Console, fresh: bool) -> Dict[str, Any]:
    results: Dict[str, Any] = {}
    stored = {} if fresh else {s.name: store.result(s) for s in store.steps}
    todo = [s for s in store.steps if stored.get(s.name) is None]
    if len(todo) < len(store.steps):
        known = len(store.steps) - len(todo)
        console.print(f'{known} of {len(store.steps)} steps are done already.')
    progress = StepProgress(console, todo)
    for step in store.steps:
        if step not in todo:
            (results[step.name],) = stored[step.name]
            continue
        with progress.running(step):
            context = store.begin(step, results)
            began = time.monotonic()
            try:
                result = step.run(context)
            except InputError as e:
                raise InputError(f'step "{step.name}": {e}') from e
            except Exception:
                console.print(
                    f'step "{step.name}" failed; its folder is '
                    f'{context.folder}. The steps before it are kept.',
                    markup=False,
                )
                raise
            took = time.monotonic() - began
            results[step.name] = store.finish(step, result, took)
    return results


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
    first.details = [*first.details, provenance(seeds=seeds)]
    return sections


def _print(section: Section, console: Console) -> None:
    console.print(f'\n[bold]{section.title}[/bold]')
    for sentence in section.sentences:
        console.print(sentence, markup=False)
    for table in section.tables:
        console.print(table.rich())
