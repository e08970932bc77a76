"""The page of an attack, put together from what its sweep can say."""

from pathlib import Path
from typing import List, Mapping, Union

from mmchanpos.files import PathLike
from mmchanpos.report.html import Page
from mmchanpos.report.section import Section

from .details import (
    example_section,
    ranking_section,
    side_section,
    window_section,
)
from .judge import Judge
from .sweep import Sweep
from .verdict import verdict_section


def write_attack_report(
    source: Union[Sweep, Mapping, PathLike],
    folder: PathLike,
    title: str = 'Which channels say where things are?',
    command: str = '',
) -> List[Section]:
    """Write page, figures, tables and JSON of an attack.

    Args:
        source (Sweep, Mapping or PathLike): A ``sweep.json``, or what it
            holds.
        folder (PathLike): Where to write; ``report.html`` is the page.
        title (str): Head of the page.
        command (str): What redoes it.

    Returns:
        List[Section]: What the page shows.
    """
    sections = attack_sections(Sweep.load(source), command)
    for i, section in enumerate(sections, 1):
        section.save(Path(folder) / f'{i}')
    Page(title, sections=sections).save(Path(folder) / 'report.html')
    return sections


def attack_sections(
    source: Union[Sweep, Mapping, PathLike], command: str = ''
) -> List[Section]:
    """Answer, one by one, what a sweep can say.

    Args:
        source (Sweep, Mapping or PathLike): A ``sweep.json``, or what it
            holds.
        command (str): What redoes it.

    Returns:
        List[Section]: Verdict, sides, windows, examples and rankings; those
        without data are left out.
    """
    sweep = Sweep.load(source)
    judge = Judge(sweep)
    sections = [
        verdict_section(sweep, judge, command),
        side_section(sweep, judge),
        window_section(sweep, judge),
        example_section(sweep),
        ranking_section(sweep),
    ]
    return [section for section in sections if section is not None]
