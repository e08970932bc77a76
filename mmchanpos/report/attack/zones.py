"""Whether scores over the zones of an image even out, or fall apart."""

from typing import Optional, Sequence

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import DRAWN
from mmchanpos.latent.sweep_row import Row
from mmchanpos.report.figures import Figure, curves
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table

from .trainings import Trainings

#: What ``ZoneMetric`` calls it, after the prefix of the metric.
_VARIANCE = 'zone_variance'


def zone_section(trainings: Trainings) -> Optional[Section]:
    """Does the variance over zones change when position channels go?

    None if the sweeps were not measured by ``ZoneMetric``.
    """
    sweep = trainings.sweep
    if _variance(sweep.rows[sweep.reference]) is None:
        return None
    zones = sweep.regions[1:]
    table = Table(
        f'{sweep.metric} by zone, and its variance over zones',
        ['off', 'N', 'whole', *zones, 'variance'],
        note='Drawn ones: mean over draws, the variance with its standard '
        'deviation.',
    )
    table.add('nothing', '', *_cells(_rows(trainings), sweep.regions))
    for kind in (*sweep.kinds, *DRAWN):
        for top in sweep.tops(kind):
            cells = _cells(_rows(trainings, kind, top), sweep.regions)
            table.add(title_of(kind), top, *cells)
    sentences = [s for kind in sweep.kinds for s in _answer(trainings, kind)]
    return Section(
        'Do zones of the image suffer alike?',
        [
            f'Zones from {zones[0]} to {zones[-1]} differ if the variance of '
            'their scores, in squared points, is large.'
            + ' z01 is the outer tenth of the image, and z45 its middle.'
            * (zones[-1] == 'z45'),
            *sentences,
        ],
        [_figure(trainings)],
        [table],
        name='zones',
    )


def _variance(row: Row) -> Optional[float]:
    found = [v for k, v in row.metrics.items() if k.endswith(_VARIANCE)]
    return found[0] if found else None


def _variances(rows: Sequence[Row]) -> list[float]:
    return [v for row in rows if (v := _variance(row)) is not None]


def _rows(
    trainings: Trainings,
    kind: str = '',
    top: int = 0,
    matches: Optional[str] = None,
) -> list[Row]:
    """Of all trainings, with the top N off or, of 0, with nothing."""
    return [
        sweep.rows[i]
        for sweep in trainings.sweeps
        for i in (
            sweep.find(kind, 0, top, matches) if top else [sweep.reference]
        )
    ]


def _cells(rows: list[Row], regions: list[str]) -> list[Number]:
    cells = []
    for region in regions:
        known = [v for r in rows if (v := r.scores[region]) is not None]
        mean = float(np.mean(known)) if known else None
        cells.append(Number(mean, digits=1))
    values = _variances(rows)
    cells.append(Number.over(values, digits=1) if values else Number(None))
    return cells


def _answer(trainings: Trainings, kind: str) -> list[str]:
    """What the middle one of the N does to the variance, in words."""
    tops = trainings.sweep.tops(kind)
    tops = [n for n in tops if _rows(trainings, 'matched', n, kind)]
    if not tops:
        return []
    top = tops[len(tops) // 2]
    mine = _variances(_rows(trainings, kind, top))
    drawn = _variances(_rows(trainings, 'matched', top, kind))
    if not mine or not drawn:
        return []
    before = float(np.mean(_variances(_rows(trainings))))
    change = abs(float(np.mean(mine)) - before)
    beyond = sum(abs(value - before) >= change for value in drawn)
    text = (
        f'{title_of(kind).capitalize()}: with {top} channels off the '
        f'variance goes from {before:.1f} to {np.mean(mine):.1f}, with as '
        f'strong ones to {np.mean(drawn):.1f} in the mean; {beyond} of '
        f'{len(drawn)} such draws change it as much'
    )
    return [f'{text}{_interval(trainings, kind, top)}.']


def _interval(trainings: Trainings, kind: str, top: int) -> str:
    """Change of the variance with images drawn anew, in the first training."""
    judge, sweep = trainings.judges[0], trainings.sweep
    pair = sweep.reference, *sweep.find(kind, 0, top)
    exact = _variances([sweep.rows[i] for i in pair])
    if sweep.per_image is None or len(exact) < 2:
        return ''
    before, after = (
        np.nanvar(judge.resampled(i)[:, 1:], axis=1) for i in pair
    )
    low, high = np.nanquantile(after - before, [0.025, 0.975])
    first = ' in the first training' * (len(trainings) > 1)
    return (
        f' (change{first} {exact[1] - exact[0]:+.1f}, 95 % interval '
        f'{low:+.1f} to {high:+.1f})'
    )


def _figure(trainings: Trainings) -> Figure:
    sweep = trainings.sweep
    lines: dict[str, list[list[float]]] = {}
    base = float(np.mean(_variances(_rows(trainings))))
    for kind in (*sweep.kinds, *DRAWN):
        found = {
            top: values
            for top in sweep.tops(kind)
            if (values := _variances(_rows(trainings, kind, top)))
        }
        each = found.values()
        if each:
            lines[kind] = [[*found], [float(np.mean(v)) for v in each]]
            if kind in DRAWN:
                lines[kind] += [[*map(min, each)], [*map(max, each)]]
    return curves(
        'zones',
        lines,
        'channels switched off',
        'variance over zones',
        f'How unlike {sweep.metric} is over the zones of the image',
        'Bands are from the least to the greatest draw.',
        level=('nothing off', base),
    )
