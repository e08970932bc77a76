"""One self-contained HTML page: no request leaves the reader's machine."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from jinja2 import Environment, StrictUndefined

from mmchanpos.files import PathLike, write_text

from .figures import Figure
from .section import Section
from .tables import show


@dataclass
class Page:
    """A page of sections, each with figures, sentences, command and numbers.

    Args:
        title (str): Head of the page.
        lead (Sequence[str]): Sentences below it.
        sections (Sequence[Section]): In order.

    Example:
        >>> page = Page('What a net knows', ['In one page.'])
        >>> page.sections = [Section('Where is it?', ['In the channels.'])]
        >>> '<h2' in page.html()
        True
    """

    title: str
    lead: Sequence[str] = ()
    sections: Sequence[Section] = field(default_factory=list)

    def html(self) -> str:
        """Write the page as one text."""
        env = Environment(
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        env.globals.update(show=show, whole=_whole, width=_width)
        source = Path(__file__).with_name('page.html.j2')
        template = env.from_string(source.read_text(encoding='utf8'))
        return template.render(page=self)

    def save(self, path: PathLike) -> None:
        """Write the page to a file."""
        write_text(path, self.html())


def _whole(cell: object) -> bool:
    """Whether a cell stays on one line: a number, or a few words."""
    text = show(cell)
    return len(text) <= 36 or re.match(r'[+-]?\d', text) is not None


def _width(figure: Figure, pixels: int) -> int:
    """Width at so many pixels per inch: texts are as large in all figures."""
    return round(figure.image.get_figwidth() * pixels)
