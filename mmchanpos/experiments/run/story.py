"""Several experiments told on one page."""

from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from rich.console import Console

from mmchanpos.report import Page, Section

from .catalogue import load
from .reproduce import reproduce
from .setting import Setting

TITLE = 'Where things are is written in the channels'
LEAD = (
    'A convolutional network that pools its last layer over space seems to '
    'forget where things were. It does not: the position is encoded in '
    'which channels are active. Below: how that shows, how to train a '
    'network that depends on it less, and what breaks when these channels '
    'are switched off.',
    'Every part names the command that makes it again. Numbers from '
    'built-in data stand beside those of the papers, which used larger '
    'networks and real photographs: compare the directions, not the values.',
)


def tell(
    names: Sequence[str],
    setting: Setting,
    page: Path,
    console: Optional[Console] = None,
    fresh: bool = False,
) -> List[Section]:
    """Run experiments and keep one page of them all.

    The page is written anew whenever one has ended, so that what is there can
    be read while the rest runs, or after an interrupt.

    Args:
        names (Sequence[str]): Experiments, in the order of the page.
        setting (Setting): What the user chose.
        page (Path): The HTML file.
        console (Console, optional): Defaults to the terminal.
        fresh (bool): Forget stored results. Defaults to False.

    Returns:
        List[Section]: All sections of the page.
    """
    console = console or Console(highlight=False)
    experiments = [load(name) for name in names]
    parts: Dict[int, List[Section]] = {}

    def finished(number: int, found: List[Section]) -> None:
        parts[number] = [brief(section) for section in found]
        console.print(
            f'\n[bold]{len(parts)} of {len(names)}[/bold] parts are told'
        )
        Page(TITLE, LEAD, _in_order(parts)).save(page)

    reproduce(experiments, setting, console, fresh, finished)
    console.print(f'\nThe whole story: {page}', markup=False)
    return _in_order(parts)


def brief(section: Section) -> Section:
    """Two sentences, a figure and a table; other tables are folded away.

    Args:
        section (Section): All that an experiment says.

    Returns:
        Section: What a newcomer reads first.
    """
    first, *others = section.tables or [None]
    return replace(
        section,
        sentences=section.sentences[:2],
        figures=section.figures[:1],
        tables=[first] if first else [],
        details=[*others, *section.details],
    )


def _in_order(parts: Dict[int, List[Section]]) -> List[Section]:
    return [section for i in sorted(parts) for section in parts[i]]
