"""One table, four ways out: terminal, Markdown, CSV and JSON."""

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any, Iterable, Optional, Sequence, Union

import numpy as np

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, clean, write_json, write_text


@dataclass(frozen=True)
class Number:
    """A measured number beside what it has to be compared with.

    Args:
        value (float): Our number. NaN or None is shown as a dash.
        spread (float, optional): How far repetitions lie apart.
        paper (float | str, optional): What the paper reports.
        chance (float, optional): What guessing gives.
        digits (int): Digits after the point. Defaults to 1.

    Example:
        >>> print(Number(99.96, spread=0.02, paper=100, chance=11.1))
        100.0 ±0.0 (paper 100.0, chance 11.1)
    """

    value: Optional[float]
    spread: Optional[float] = None
    paper: Union[float, str, None] = None
    chance: Optional[float] = None
    digits: int = 1

    @classmethod
    def over(cls, values: Iterable[float], **others: Any) -> 'Number':
        """Mean of repetitions, with their standard deviation as spread.

        Args:
            values (Iterable[float]): One value per seed or draw.
            **others: ``paper``, ``chance``, ``digits``.

        Example:
            >>> print(Number.over([70, 72, 74], paper=71.9))
            72.0 ±2.0 (paper 71.9)
        """
        values = [float(v) for v in values]
        if not values:
            raise InputError('The mean of no values was asked for.')
        several = len(values) > 1
        spread = float(np.std(values, ddof=1)) if several else None
        return cls(float(np.mean(values)), spread, **others)

    @property
    def plain(self) -> float:
        """The value, NaN where there is none."""
        return float('nan') if self.value is None else float(self.value)

    def parts(self) -> dict[str, Any]:
        """What is known, by name; unknown parts are left out."""
        named = dict(
            ours=clean(self.value),
            spread=clean(self.spread),
            paper=clean(self.paper),
            chance=clean(self.chance),
        )
        return {k: v for k, v in named.items() if v is not None or k == 'ours'}

    def __str__(self) -> str:
        text = show(self.value, self.digits)
        if clean(self.spread) is not None:
            text += f' ±{show(self.spread, self.digits)}'
        beside = [
            f'{name} {show(part, self.digits)}'
            for name, part in (('paper', self.paper), ('chance', self.chance))
            if part is not None
        ]
        return text + (f' ({", ".join(beside)})' if beside else '')


@dataclass
class Table:
    """Rows under named columns; cells are text, numbers or :class:`Number`.

    Args:
        title (str): What the table says.
        columns (Sequence[str]): Heads of the columns.
        note (str): A line below the table. Defaults to none.

    Attributes:
        rows (list[list]): Cells, row by row; :meth:`add` appends one.

    Example:
        >>> table = Table('Location', ['net', '3x3'])
        >>> table.add('GAPNet', Number(100.0, paper=100))
        >>> table.add('PermuteNet', Number(77.4, paper=78.8))
        >>> print(table.markdown())
        **Location**
        <BLANKLINE>
        | net | 3x3 |
        | --- | --- |
        | GAPNet | 100.0 (paper 100.0) |
        | PermuteNet | 77.4 (paper 78.8) |
        <BLANKLINE>
        >>> print(table.csv())
        net,3x3,3x3 paper
        GAPNet,100.0,100
        PermuteNet,77.4,78.8
        <BLANKLINE>
    """

    title: str
    columns: Sequence[str]
    note: str = ''
    rows: list[list[Any]] = field(default_factory=list, init=False)

    def add(self, *cells: Any) -> None:
        """Append one row."""
        if len(cells) != len(self.columns):
            raise InputError(
                f'Table "{self.title}" has {len(self.columns)} columns '
                f'({", ".join(self.columns)}); a row of {len(cells)} cells '
                'was given.'
            )
        self.rows.append(list(cells))

    def texts(self) -> list[list[str]]:
        """Every cell as it is shown, row by row."""
        return [[show(cell) for cell in row] for row in self.rows]

    def markdown(self) -> str:
        """Write the table as GitHub Markdown."""
        lines = [self.columns, ['---'] * len(self.columns), *self.texts()]
        body = '\n'.join(f'| {" | ".join(map(_escape, x))} |' for x in lines)
        note = f'\n\n{harmless(self.note)}' if self.note else ''
        return f'**{harmless(self.title)}**\n\n{body}{note}\n'

    def csv(self) -> str:
        """Write the table as CSV; each part of a number has its own column."""
        grid = [[_parts(cell) for cell in row] for row in self.rows]
        heads = [
            (i, part)
            for i in range(len(self.columns))
            for part in ('ours', 'spread', 'paper', 'chance')
            if part == 'ours' or any(part in row[i] for row in grid)
        ]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator='\n')
        writer.writerow(
            self.columns[i] + f' {part}' * (part != 'ours')
            for i, part in heads
        )
        # What is None is written as nothing.
        writer.writerows(
            [row[i].get(part) for i, part in heads] for row in grid
        )
        return out.getvalue()

    def json(self) -> dict[str, Any]:
        """Give the table as plain dictionaries and lists."""
        cells = [
            [c.parts() if isinstance(c, Number) else clean(c) for c in row]
            for row in self.rows
        ]
        return dict(
            title=self.title,
            columns=list(self.columns),
            rows=cells,
            note=self.note,
        )

    def rich(self) -> Any:
        """Give the table as a ``rich.table.Table`` for the terminal."""
        from rich import box
        from rich.table import Table as RichTable
        from rich.text import Text

        table = RichTable(
            title=Text(self.title, 'bold'),
            caption=Text(self.note) if self.note else None,
            box=box.SIMPLE_HEAD,
            title_justify='left',
            caption_justify='left',
        )
        for i, column in enumerate(self.columns):
            numeric = any(_numeric(row[i]) for row in self.rows)
            table.add_column(column, justify='right' if numeric else 'left')
        for row in self.texts():
            table.add_row(*map(Text, row))
        return table

    def save(self, stem: PathLike) -> None:
        """Write ``stem.md``, ``stem.csv`` and ``stem.json``."""
        write_text(f'{stem}.md', self.markdown())
        write_text(f'{stem}.csv', self.csv())
        write_json(f'{stem}.json', self.json())


def show(value: Any, digits: Optional[int] = None) -> str:
    """Write one cell: a dash for what is missing, floats with few digits.

    Args:
        value (Any): The cell.
        digits (int, optional): Digits after the point. Defaults to three for
            floats and none for whole numbers.

    Example:
        >>> show(None), show(0.12345), show(7), show('overall')
        ('-', '0.123', '7', 'overall')
        >>> show(7, digits=3), show(np.bool_(True))
        ('7.000', 'yes')
    """
    if isinstance(value, Number):
        return str(value)
    known = clean(value)
    if known is None:
        return '-'
    if isinstance(known, bool):
        return 'yes' if known else 'no'
    if isinstance(known, float) or (isinstance(known, int) and digits):
        return f'{known:.{3 if digits is None else digits}f}'
    return str(known)


def _parts(cell: Any) -> dict[str, Any]:
    return cell.parts() if isinstance(cell, Number) else {'ours': clean(cell)}


def _numeric(cell: Any) -> bool:
    return isinstance(clean(cell), (int, float, Number))


def harmless(text: str) -> str:
    r"""Text for Markdown in which no tag, link or picture is left.

    Names of users stand in it, and viewers of Markdown run what is HTML.

    Args:
        text (str): What shall be read as it is.

    Example:
        >>> harmless('p < .05 of <b>a</b> ![b](c)')
        'p < .05 of &lt;b>a&lt;/b> ![b\\](c)'
    """
    text = re.sub(r'<(?=[^ \d=])', '&lt;', text)
    return re.sub(r'\](?=[(\[])', r'\\]', text)


def _escape(text: str) -> str:
    return harmless(str(text)).replace('|', '\\|').replace('\n', ' ')
