"""The page of an attack, put together from what its sweep can say."""

from pathlib import Path

from mmchanpos.files import PathLike
from mmchanpos.report.html import Page
from mmchanpos.report.section import Section

from .agreement import agreement_section
from .atlas import atlas_section
from .examples import example_section
from .sides import side_section
from .trainings import Sources, Trainings
from .verdict import verdict_section
from .windows import window_section
from .zones import zone_section


def write_attack_report(
    sources: Sources, folder: PathLike, command: str = ''
) -> dict[str, Section]:
    """Write page, figures, tables and JSON of :func:`attack_sections`.

    The page is ``report.html``; every section has a folder of its name.
    """
    sections = attack_sections(sources, command)
    for name, section in sections.items():
        section.save(Path(folder) / name)
    title = 'Which channels say where things are?'
    page = Page(title, sections=list(sections.values()))
    page.save(Path(folder) / 'report.html')
    return sections


def attack_sections(sources: Sources, command: str = '') -> dict[str, Section]:
    """Answer, one by one, what a sweep can say.

    Args:
        sources (Sweep | PathLike | Sequence): A sweep or its ``sweep.json``,
            or several of them, one for each training of the same net.
        command (str): What redoes it.

    Returns:
        dict: Sections by name, in the order of the page: ``verdict``,
        ``sides``, ``windows``, ``zones``, ``examples``, ``atlas`` and
        ``agreement``; those without data are left out.
    """
    trainings = Trainings.of(sources)
    sections = [
        verdict_section(trainings, command),
        side_section(trainings),
        window_section(trainings),
        zone_section(trainings),
        example_section(trainings.sweep),
        atlas_section(trainings.sweep),
        agreement_section(trainings.sweep),
    ]
    return {section.name: section for section in sections if section}
