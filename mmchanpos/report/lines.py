"""Lines that are named where they end, so that no legend has to be read."""

from textwrap import wrap
from typing import Any, Mapping, Optional, Sequence

import numpy as np
from matplotlib.ticker import MaxNLocator

from .look import colours, line_style


def draw_lines(
    axes: Any,
    lines: Mapping[str, Sequence[Sequence[float]]],
    level: Optional[tuple[str, float]] = None,
    labels: Optional[Mapping[str, str]] = None,
) -> None:
    """Draw the lines of :func:`curves` into axes that exist already.

    Each line is named where it ends, in its colour.

    Args:
        axes (matplotlib.axes.Axes): Where.
        lines (Mapping): Name of a line to its x values, its y values and, if
            it has a band, the lower and the upper values of that.
        level (tuple, optional): Name and value of a horizontal line.
        labels (Mapping, optional): Name of a line to what is written; the
            name itself chooses the colour.
    """
    tints = colours(lines)
    ends = []
    for line, (xs, ys, *band) in lines.items():
        text = (labels or {}).get(line, line)
        axes.plot(
            xs,
            ys,
            marker='o',
            color=tints[line],
            ls=line_style(line),
            label=text,
        )
        if band:
            axes.fill_between(xs, *band, color=tints[line], alpha=0.18, lw=0)
        # Of the last layer or size there may be no number.
        known = [point for point in zip(xs, ys) if np.isfinite(point[1])]
        if known:
            ends.append((*known[-1], text, tints[line]))
    if level:
        axes.axhline(level[1], color='#555555', ls=':', lw=1.2)
        ends.append((axes.get_xlim()[1], level[1], level[0], '#555555'))
    if all(float(x).is_integer() for xs, *_ in lines.values() for x in xs):
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    name_ends(axes, ends)


def name_ends(axes: Any, ends: Sequence[tuple[Any, Any, str, str]]) -> None:
    """Write names right of the axes, as near to their ends as room allows.

    Args:
        axes (matplotlib.axes.Axes): Where; its limits are as they will be.
        ends (Sequence[tuple[Any, Any, str, str]]): x, y, name and colour of
            each.
    """
    low, high = axes.get_ylim()
    height = axes.figure.get_figheight() / axes.get_gridspec().nrows
    ends = [end for end in ends if np.isfinite(end[1])]
    texts = [wrap(end[2], 16) or [''] for end in ends]
    line = (high - low) * 0.16 / max(height - 0.8, 0.5)
    places = _spread(
        [end[1] for end in ends], [line * len(text) for text in texts]
    )
    right = axes.get_xlim()[1]
    room = 0.02 * (right - axes.get_xlim()[0])
    for (x, y, _, tint), text, place in zip(ends, texts, places):
        axes.annotate(
            '\n'.join(text),
            (x, y),
            (right + room, place),
            color=tint,
            va='center',
            fontsize=8,
            annotation_clip=False,
            arrowprops=dict(arrowstyle='-', color=tint, lw=0.5, alpha=0.6),
        )


def _spread(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Places near the wanted ones that do not overlap.

    Example:
        >>> _spread([1.0, 1.0, 5.0], [1.0, 1.0, 1.0])
        [0.5, 1.5, 5.0]
    """
    order = np.argsort(wanted, kind='stable')
    high = np.take(sizes, order)
    middle = np.cumsum(high) - high / 2
    groups: list[list[float]] = []
    for free in np.take(wanted, order) - middle:
        groups.append([free])
        # Neighbours that overlap become one group, until none do.
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    places = np.empty(len(order))
    places[order] = middle + [np.mean(g) for g in groups for _ in g]
    return places.tolist()
