"""Score against the number of channels that are switched off."""

from itertools import chain
from typing import Any, Optional, Sequence, Union

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import DRAWN
from mmchanpos.report.figures import Figure, line_panels
from mmchanpos.report.tables import Table
from mmchanpos.statistics import p_cell

from .trainings import Sources, Trainings

#: Values of x, of y, and low and high end of y, by name.
Lines = dict[str, tuple[list[float], list[float], list[float], list[float]]]


def verdict_figure(
    trainings: Trainings, region: str, kinds: Sequence[str]
) -> Figure:
    """Each ranking beside its own two kinds of random draws, in one region."""
    panels = {
        title_of(kind): (region, _lines_of(trainings, region, [kind], kind))
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
        region: (region, _lines_of(trainings, region, shown))
        for region in regions or trainings.sweep.regions
    }
    return _drawn(
        'curves',
        trainings,
        panels,
        f'{trainings.sweep.metric} by region with the top N channels of each '
        'ranking switched off. Band: 95 % of the random draws.',
    )


def _lines_of(
    trainings: Trainings,
    region: str,
    kinds: Sequence[str],
    matched: Optional[str] = None,
) -> Lines:
    """Rankings and random draws, and those as strong as a ranking if named."""
    sweep = trainings.sweep
    start = trainings.before(region).plain
    lines: Lines = {}
    drawn = [kind for kind in DRAWN if matched or kind != 'matched']
    for kind in (*kinds, *drawn):
        match = matched if kind == 'matched' else None
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
    drawn: dict[str, dict[str, Sequence[list[float]]]] = {}
    for title, (region, lines) in panels.items():
        drawn[title] = {
            k: v if k in DRAWN else v[:2] for k, v in lines.items()
        }
        for kind, line in lines.items():
            for point in zip(*line):
                data.add(region, title_of(kind), *point)
    if len(trainings) > 1:
        caption += f' Means over {len(trainings)} trainings.'
    better = ' (lower is better)' * trainings.sweep.lower_is_better
    return line_panels(
        name,
        drawn,
        'channels switched off (top N)',
        f'{metric}{better}',
        data,
        caption,
        # All of it is about channels.
        {
            k: title_of(k).replace(' channels', '')
            for d in drawn.values()
            for k in d
        },
        _limits([lines for _, lines in panels.values()]),
    )


def _limits(panels: Sequence[Lines]) -> tuple[float, float]:
    values = [
        value
        for lines in panels
        for _, *parts in lines.values()
        for value in chain(*parts)
        if np.isfinite(value)
    ] or [0.0]
    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def harm_name(trainings: Trainings) -> str:
    """What harm is counted in, for axes."""
    return f'harm to {trainings.sweep.metric} (points)'


def cells(found: Any) -> tuple:
    """Difference with interval, and p value, as two cells of a table."""
    return (
        (None, None)
        if found is None
        else (found.span(), p_cell(found.whole.p_value))
    )
