"""Score against the number of channels that are switched off."""

from typing import Any, Optional, Sequence, Union

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import DRAWN
from mmchanpos.report.figures import Figure
from mmchanpos.report.lines import draw_lines
from mmchanpos.report.look import WIDTH, canvas, look
from mmchanpos.report.tables import Table
from mmchanpos.statistics import p_cell

from .trainings import Sources, Trainings

#: Values of x, of y, and low and high end of y, by name.
Lines = dict[str, tuple[list[float], list[float], list[float], list[float]]]


def verdict_figure(
    trainings: Trainings, region: str, kinds: Sequence[str]
) -> Figure:
    """Each ranking beside its own two kinds of random draws.

    Args:
        trainings (Trainings): The sweeps.
        region (str): Where to score.
        kinds (Sequence[str]): The rankings, in the order of the panels.

    Returns:
        Figure: A panel per ranking.
    """
    panels = {
        title_of(kind): (region, lines_of(trainings, region, [kind], kind))
        for kind in kinds
    }
    return _drawn(
        'verdict',
        trainings,
        panels,
        f'{region}: {trainings.sweep.metric} with the top N channels of each '
        'ranking switched off. Bands: 95 % of the random draws. The same '
        "magnitude is that of the panel's own ranking.",
    )


def curve_figure(
    sources: Union[Trainings, Sources],
    regions: Optional[Sequence[str]] = None,
    kinds: Optional[Sequence[str]] = None,
) -> Figure:
    """All rankings in each region (Fig. 4 and S3).

    Args:
        sources (Trainings | Sources): One per training.
        regions (Sequence[str], optional): One pair of axes each. Defaults to
            all.
        kinds (Sequence[str], optional): Rankings to show beside the random
            ones. Defaults to all.

    Returns:
        Figure: The band is the range of random draws (2.5 to 97.5 %).
    """
    trainings = Trainings.of(sources)
    shown = list(kinds or trainings.sweep.kinds)
    panels = {
        region: (region, lines_of(trainings, region, shown))
        for region in regions or trainings.sweep.regions
    }
    return _drawn(
        'curves',
        trainings,
        panels,
        f'{trainings.sweep.metric} by region with the top N channels of each '
        'ranking switched off. Band: 95 % of the random draws.',
    )


def lines_of(
    trainings: Trainings,
    region: str,
    kinds: Sequence[str],
    matched: Optional[str] = None,
) -> Lines:
    """Curves of rankings and of what they are compared with.

    Args:
        trainings (Trainings): The sweeps; curves are means over them.
        region (str): Where to score.
        kinds (Sequence[str]): Rankings.
        matched (str, optional): The ranking whose magnitudes the draws of
            ``'matched'`` have. Defaults to no such curve.

    Returns:
        Lines: By kind; bands hold 95 % of the draws.
    """
    sweep = trainings.sweep
    start = trainings.before(region).plain
    lines: Lines = {}
    for kind in (*kinds, *DRAWN):
        match = matched if kind == 'matched' else None
        if kind == 'matched' and matched is None:
            continue
        rows = sweep.rows_of(kind, match)
        tops = sorted({row.stop for row in rows if row.start == 0})
        if not tops:
            continue
        # Draws, then trainings: the band is that of a draw in a training.
        found = [
            np.mean(
                [
                    [np.mean(draws), *np.quantile(draws, [0.025, 0.975])]
                    for draws in trainings.scores(kind, 0, n, region, match)
                ],
                axis=0,
            )
            for n in tops
        ]
        means, low, high = np.array([[start] * 3, *found]).T.tolist()
        lines[kind] = [0, *tops], means, low, high
    return lines


def _drawn(
    name: str,
    trainings: Trainings,
    panels: dict[str, tuple[str, Lines]],
    caption: str,
) -> Figure:
    metric = trainings.sweep.metric
    data = Table(
        f'{metric} by channels switched off',
        ['region', 'ranking', 'top', metric, 'low', 'high'],
    )
    across = min(len(panels), 2 if len(panels) in (2, 4) else 3)
    down = -(-len(panels) // across)
    with look():
        image, axes = canvas(down, across, (WIDTH / across, 2.9))
        for axis in axes.flat[len(panels) :]:
            axis.set_visible(False)
        for axis, (title, (region, lines)) in zip(axes.flat, panels.items()):
            # One scale, so that panels can be compared.
            axis.set(
                title=title,
                xlabel='channels switched off (top N)',
                ylim=_limits([line for _, line in panels.values()]),
            )
            draw_lines(
                axis,
                {kind: line[:2] for kind, line in lines.items()},
                {k: line[2:] for k, line in lines.items() if k in DRAWN},
                labels={kind: short(kind) for kind in lines},
            )
            for kind, line in lines.items():
                for point in zip(*line):
                    data.add(region, title_of(kind), *point)
        for axis in axes[:, 0]:
            axis.set_ylabel(axis_name(trainings))
    if len(trainings) > 1:
        caption += f' Means over {len(trainings)} trainings.'
    return Figure(name, image, caption, data)


def _limits(panels: Sequence[Lines]) -> tuple[float, float]:
    values = [
        value
        for lines in panels
        for line in lines.values()
        for value in (*line[1], *line[2], *line[3])
        if np.isfinite(value)
    ] or [0.0]
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def short(kind: str) -> str:
    """The title of a kind where everything is about channels.

    Example:
        >>> short('matched')
        'random of the same magnitude'
    """
    return title_of(kind).replace(' channels', '')


def axis_name(trainings: Trainings) -> str:
    """The metric, and its direction where that is not the usual one."""
    sweep = trainings.sweep
    better = ' (lower is better)' if sweep.lower_is_better else ''
    return f'{sweep.metric}{better}'


def harm_name(trainings: Trainings) -> str:
    """What harm is counted in, for axes."""
    return f'harm to {trainings.sweep.metric} (points)'


def cells(found: Any) -> tuple:
    """Difference with interval, and p value, as two cells of a table."""
    return (
        (None, None)
        if found is None
        else (found.span(), p_cell(found.p_value))
    )
