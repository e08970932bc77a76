"""Run experiments step by step and show what came of them."""

from typing import Any, Callable, Optional, Sequence

from rich.console import Console

from mmchanpos.engine.hosts import versions
from mmchanpos.engine.recipe import total_batch
from mmchanpos.experiments.experiment import Experiment
from mmchanpos.report import Page, Section, provenance

from .commands import Train
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
    finished: Callable[[list[Section]], None] = lambda sections: None,
) -> list[list[Section]]:
    """Do what is still to be done, then print and save the results.

    Args:
        experiments (Sequence[Experiment]): What :func:`load` gave.
        setting (Setting): What the user chose.
        console (Console, optional): Defaults to the terminal.
        fresh (bool): Forget stored results. Defaults to False.
        finished (Callable): Called with all sections that are there, in
            order, whenever an experiment has ended.

    Returns:
        list[list[Section]]: Of each experiment, as saved in its ``report/``.
    """
    console = console or Console(highlight=False)
    stores = [experiment.store(setting) for experiment in experiments]
    found: dict[int, list[Section]] = {}

    def conclude(number: int, results: dict[str, Any]) -> None:
        found[number] = _read(experiments[number], stores[number], results)
        _show(experiments[number], stores[number], found[number], console)
        finished([part for i in sorted(found) for part in found[i]])

    run_steps(stores, console, setting.jobs, fresh, conclude)
    return [found[i] for i in range(len(stores))]


def dry_run(experiment: Experiment, setting: Setting) -> list[str]:
    """What :func:`reproduce` would do, as lines of a shell script."""
    store = experiment.store(setting)
    lines, seconds, results = [f'# {experiment.title}'], 0.0, {}
    if experiment.needs and not setting.quick:
        lines.append(f'# It needs {experiment.needs}')
    for step in store.steps:
        done = store.result(step)
        given = dict(checkpoint=step.given(setting))
        results[step.name] = done[0] if done else given
        state = 'done' if done else f'about {duration(step.seconds)}'
        lines += ['', f'# {step.name}: {state}']
        if isinstance(step, Train) and not (done or step.given(setting)):
            lines.append(f'# {total_batch(step.config, setting.gpus)}')
        lines += step.commands(store.context(step, results))
        seconds += 0 if done else step.seconds
    small = setting.quick or setting.builtin
    where = 'two cores' if small else 'the machine of the paper'
    return [*lines, '', f'# about {duration(seconds)} in all on {where}']


def _read(
    experiment: Experiment, store: Store, results: dict[str, Any]
) -> list[Section]:
    context = Context(store.setting, store.folder, store.folders, results)
    read = experiment.read(context)
    sections = [read] if isinstance(read, Section) else list(read)
    first = sections[0]
    first.command = first.command or experiment.command(store.setting)
    first.details = [*first.details, provenance(**versions())]
    return sections


def _show(
    experiment: Experiment,
    store: Store,
    sections: list[Section],
    console: Console,
) -> None:
    folder = store.folder / 'report'
    for i, section in enumerate(sections, 1):
        section.save(folder / str(i) if len(sections) > 1 else folder)
        console.print(f'\n[bold]{section.title}[/bold]')
        for sentence in section.sentences:
            console.print(sentence, markup=False)
        for table in section.tables:
            console.print(table.rich())
    Page(experiment.title, sections=sections).save(folder / 'report.html')
    console.print(f'\nSaved in {folder} (open report.html).', markup=False)
