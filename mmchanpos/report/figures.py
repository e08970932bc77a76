"""The shapes of figure that all experiments share.

A :class:`Figure` is a matplotlib figure with a name, a caption and the numbers
it shows; saving it writes PNG, SVG, CSV and JSON side by side.
"""

import base64
import io
from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Sequence

import numpy as np
from matplotlib.figure import Figure as MplFigure

from mmchanpos.errors import InputError
from mmchanpos.files import PathLike, write_bytes

from .lines import draw_lines
from .look import WIDTH, canvas, colours, look
from .tables import Table


@dataclass
class Figure:
    """A drawn figure, what to say below it, and the numbers it shows.

    Args:
        name (str): File name without suffix.
        image (matplotlib.figure.Figure): What :func:`canvas` made.
        caption (str): One or two sentences.
        data (Table, optional): The numbers; written as CSV and JSON.

    Example:
        >>> lines = {'overall': ([0, 10, 20], [74, 72, 65])}
        >>> figure = curves('attack', lines, x='channels', y='mIoU')
        >>> figure.data.columns
        ['line', 'channels', 'mIoU']
        >>> figure.save(getfixture('tmp_path') / 'attack')
    """

    name: str
    image: MplFigure
    caption: str = ''
    data: Optional[Table] = None
    _drawn: dict[str, bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def bytes(self, kind: str = 'png') -> bytes:
        """Give the image as the bytes of a PNG or SVG file, drawn once."""
        if kind not in self._drawn:
            out = io.BytesIO()
            meta = {'Date': None} if kind == 'svg' else {'Software': None}
            with look():
                self._lay_out()
                self.image.savefig(out, format=kind, dpi=160, metadata=meta)
            self._drawn[kind] = out.getvalue()
        return self._drawn[kind]

    def data_uri(self) -> str:
        """Give the PNG as a ``data:`` address, for pages without requests."""
        code = base64.b64encode(self.bytes()).decode()
        return f'data:image/png;base64,{code}'

    def points(self) -> list[tuple[float, float, str]]:
        """Where each point of a line lies, for a page to say its numbers.

        Returns:
            list: Fractions of the width, from the left, and of the height,
            from above, and what the point says.
        """
        with look():
            self._lay_out()
        size = self.image.transFigure.inverted()
        found = []
        for axes in self.image.axes:
            for line in axes.get_lines():
                name = str(line.get_label())
                if name.startswith('_'):
                    continue
                data = np.column_stack(line.get_data()).astype(float)
                data = data[np.isfinite(data).all(axis=1)]
                where = size.transform(axes.transData.transform(data))
                found += [
                    (round(fx, 4), round(1 - fy, 4), f'{name}, {x:g}: {y:.4g}')
                    for (fx, fy), (x, y) in zip(where.tolist(), data.tolist())
                ]
        return found

    def _lay_out(self) -> None:
        # Once for all kinds: it takes longer than to draw, and each file that
        # is saved would draw twice for it.
        if self.image.get_layout_engine() is not None:
            self.image.draw_without_rendering()
            self.image.set_layout_engine(None)

    def save(self, stem: PathLike) -> None:
        """Write ``stem.png``, ``stem.svg`` and the data beside them."""
        for kind in ('png', 'svg'):
            write_bytes(f'{stem}.{kind}', self.bytes(kind))
        if self.data is not None:
            self.data.save(stem)


def curves(
    name: str,
    lines: Mapping[str, Sequence[Sequence[float]]],
    x: str,
    y: str,
    title: str = '',
    caption: str = '',
    level: Optional[tuple[str, float]] = None,
) -> Figure:
    """Draw lines, each with a band if there is one.

    Args:
        name (str): File name without suffix.
        lines (Mapping): As of :func:`draw_lines`.
        x (str): Name of the horizontal axis.
        y (str): Name of the vertical axis.
        title (str): Above the axes.
        caption (str): Below the figure.
        level (tuple, optional): Name and value of a horizontal line.

    Returns:
        Figure: With every point in its data.
    """
    with look():
        image, axes = canvas(size=(WIDTH, 3.6))
        axes[0, 0].set(xlabel=x, ylabel=y, title=title)
        draw_lines(axes[0, 0], lines, level)
    data = Table(title or name, ['line', x, y])
    for line, (xs, ys, *_) in lines.items():
        for point in zip(xs, ys):
            data.add(line, *map(float, point))
    return Figure(name, image, caption, data)


def line_panels(
    name: str,
    panels: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    x: str,
    y: str,
    data: Table,
    caption: str = '',
    labels: Optional[Mapping[str, str]] = None,
    limits: Optional[tuple[float, float]] = None,
) -> Figure:
    """Draw lines in several pairs of axes, at most three in a row.

    Args:
        name (str): File name without suffix.
        panels (Mapping): Title to lines, as of :func:`draw_lines`.
        x (str): Name of the horizontal axes.
        y (str): Name of the vertical axes.
        data (Table): What is drawn.
        caption (str): Below the figure.
        labels (Mapping, optional): As of :func:`draw_lines`.
        limits (tuple, optional): Ends of all vertical axes, so that they can
            be compared. Defaults to own ones.
    """
    across = min(len(panels), 2 if len(panels) in (2, 4) else 3)
    down = -(-len(panels) // across)
    with look():
        image, axes = canvas(down, across, (WIDTH / across, 2.9))
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis, (title, lines) in zip(axes.flat, panels.items()):
            axis.set(title=title, xlabel=x)
            if limits:
                axis.set_ylim(limits)
            draw_lines(axis, lines, labels=labels)
        for axis in axes[:, 0]:
            axis.set_ylabel(y)
    return Figure(name, image, caption, data)


def bars(
    name: str,
    groups: Mapping[str, Mapping[str, Any]],
    y: str,
    title: str = '',
    caption: str = '',
    marks: Optional[Mapping[str, Mapping[str, float]]] = None,
    labels: Optional[Mapping[str, str]] = None,
) -> Figure:
    """Draw groups of bars, each bar a number or (number, spread).

    Args:
        name (str): File name without suffix.
        groups (Mapping): Name on the horizontal axis to bars by name.
        y (str): Name of the vertical axis.
        title (str): Above the axes.
        caption (str): Below the figure.
        marks (Mapping, optional): As ``groups``; a short black line at the
            value to compare with, such as the paper's.
        labels (Mapping, optional): Name of a bar to its legend; the name
            itself chooses the colour.

    Returns:
        Figure: With every bar in its data.
    """
    names = list(dict.fromkeys(b for bars in groups.values() for b in bars))
    if not names:
        raise InputError(f'figure {name} was given no bars.')
    width = 0.8 / len(names)
    tints = colours(names)
    data = Table(title or name, ['group', 'bar', y, 'spread', 'mark'])
    with look():
        image, ((axes,),) = canvas(size=(WIDTH, 3.6))
        for i, bar in enumerate(names):
            drawn = []
            for j, (group, heights) in enumerate(groups.items()):
                if bar in heights:
                    known = heights[bar]
                    pair = known if type(known) is tuple else (known, None)
                    mark = (marks or {}).get(group, {}).get(bar)
                    data.add(group, bar, *pair, mark)
                    drawn.append((j, *pair, mark))
            place, value, spread, line = np.array(drawn, float).T
            place += (i - (len(names) - 1) / 2) * width
            axes.bar(
                place,
                value,
                width * 0.92,
                yerr=spread,
                color=tints[bar],
                label=(labels or {}).get(bar, bar),
                error_kw=dict(lw=1, ecolor='#333333'),
            )
            half = 0.46 * width
            axes.plot([place - half, place + half], [line] * 2, 'k', lw=2)
        axes.set(ylabel=y, title=title)
        axes.set_xticks(range(len(groups)), list(groups))
        axes.grid(axis='x', visible=False)
        if len(names) > 1:
            # Below the axes, where no bar can be.
            image.legend(loc='outside lower center', ncols=min(len(names), 5))
    return Figure(name, image, caption, data)


def panels(
    name: str,
    rows: Sequence[Sequence[np.ndarray]],
    columns: Sequence[str] = (),
    labels: Sequence[str] = (),
    caption: str = '',
    box: Optional[tuple[float, float, float, float]] = None,
    limits: Optional[tuple[float, float]] = None,
    heads: Sequence[Sequence[str]] = (),
) -> Figure:
    """Show images in rows and columns.

    Args:
        name (str): File name without suffix.
        rows (Sequence): Rows of images, (H, W) maps or (H, W, 3) in RGB.
        columns (Sequence[str]): Above the columns.
        labels (Sequence[str]): Left of the rows.
        caption (str): Below the figure.
        box (tuple, optional): x1, y1, x2, y2 as fractions of the image,
            outlined in each.
        limits (tuple, optional): Values at both ends of the colours of maps.
        heads (Sequence): Above the images, row by row, in place of columns.

    Returns:
        Figure: Without data.
    """
    height, width = np.asarray(rows[0][0]).shape[:2]
    across = max(map(len, rows))
    wide = min(WIDTH / across, 3.2)
    heads = heads or [columns]
    with look():
        image, axes = canvas(
            len(rows),
            across,
            (wide, wide * height / width + (0.25 if heads[0] else 0.05)),
        )
        for i, j in np.ndindex(axes.shape):
            axis: Any = axes[i, j]
            axis.set(xticks=[], yticks=[])
            axis.grid(visible=False)
            axis.spines[:].set_visible(False)
            if j < len(rows[i]):
                _show_image(axis, np.asarray(rows[i][j]), box, limits)
            if i < len(heads) and j < len(heads[i]):
                axis.set_title(heads[i][j], fontsize=8)
            if j == 0 and i < len(labels):
                axis.set_ylabel(labels[i], fontsize=8)
    return Figure(name, image, caption)


def _show_image(axis: Any, image: np.ndarray, box: Any, limits: Any) -> None:
    low, high = limits or (None, None)
    axis.imshow(image, cmap='viridis', vmin=low, vmax=high)
    if box:
        height, width = image.shape[:2]
        x1, y1, x2, y2 = np.multiply(box, (width, height, width, height)) - 0.5
        axis.plot(
            [x1, x2, x2, x1, x1], [y1, y1, y2, y2, y1], color='#E69F00', lw=1.4
        )
