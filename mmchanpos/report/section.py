"""What one question came to: sentences, figures, tables, command."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

from mmchanpos.files import PathLike, write_json, write_text

from .figures import Figure
from .tables import Table, harmless


@dataclass
class Section:
    """One question and its answer, ready for the terminal, files or a page.

    Args:
        title (str): The question, or what was found.
        sentences (Sequence[str]): Plain sentences for somebody who has not
            read the paper.
        figures (Sequence[Figure]): Shown below the tables.
        tables (Sequence[Table]): The numbers.
        command (str): The exact command that redoes it.
        details (Sequence[Table]): Tables folded away on the page, such as
            provenance.
        name (str): One word to pick the section by. Defaults to none.
        remarks (Sequence[str]): Sentences folded away on the page.
    """

    title: str
    sentences: Sequence[str] = field(default_factory=list)
    figures: Sequence[Figure] = field(default_factory=list)
    tables: Sequence[Table] = field(default_factory=list)
    command: str = ''
    details: Sequence[Table] = field(default_factory=list)
    name: str = ''
    remarks: Sequence[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Write sentences, command, tables and remarks as Markdown."""
        parts = [f'## {harmless(self.title)}', *map(harmless, self.sentences)]
        if self.command:
            command = self.command.replace('```', "'''")
            parts.append(f'```\n{command}\n```')
        parts += [t.markdown() for t in self.tables]
        parts += map(harmless, self.remarks)
        parts += [t.markdown() for t in self.details]
        return '\n\n'.join(parts).rstrip() + '\n'

    def save(self, folder: PathLike) -> list[Path]:
        """Write ``results.md`` and ``.json``, each table and each figure.

        Returns:
            list[Path]: The stems that were written, figures included.
        """
        folder = Path(folder)
        write_text(folder / 'results.md', self.markdown())
        tables = [*self.tables, *self.details]
        content = dict(
            title=self.title,
            sentences=list(self.sentences),
            remarks=list(self.remarks),
            command=self.command,
            tables=[t.json() for t in tables],
        )
        write_json(folder / 'results.json', content)
        stems = [folder / 'results']
        for i, table in enumerate(tables, 1):
            stems.append(folder / f'table-{i}')
            table.save(stems[-1])
        for figure in self.figures:
            stems.append(folder / figure.name)
            figure.save(stems[-1])
        return stems
