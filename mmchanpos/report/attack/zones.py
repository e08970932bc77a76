"""Whether scores over the zones of an image even out, or fall apart."""

from typing import Optional

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import DRAWN, Sweep
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
    base = _rows(trainings, 'none', 0)
    table.add('nothing', '', *_cells(base, sweep.regions))
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
            * ('z45' in zones),
            *sentences,
        ],
        [_figure(trainings)],
        [table],
        name='zones',
    )


def _variance(row: Row) -> Optional[float]:
    found = [v for k, v in row.metrics.items() if k.endswith(_VARIANCE)]
    return found[0] if found else None


def _rows(
    trainings: Trainings, kind: str, top: int, matches: Optional[str] = None
) -> list[Row]:
    if kind == 'none':
        return [s.rows[s.reference] for s in trainings.sweeps]
    return [
        s.rows[i]
        for s in trainings.sweeps
        for i in s.find(kind, 0, top, matches)
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


def _variances(rows: list[Row]) -> list[float]:
    return [v for row in rows if (v := _variance(row)) is not None]


def _answer(trainings: Trainings, kind: str) -> list[str]:
    """What the middle one of the N does to the variance, in words."""
    sweep = trainings.sweep
    tops = [
        top
        for top in sweep.tops(kind)
        if _rows(trainings, 'matched', top, kind)
    ]
    if not tops:
        return []
    top = tops[len(tops) // 2]
    before = float(np.mean(_variances(_rows(trainings, 'none', 0))))
    mine = _variances(_rows(trainings, kind, top))
    drawn = _variances(_rows(trainings, 'matched', top, kind))
    if not mine or not drawn:
        return []
    change = abs(float(np.mean(mine)) - before)
    beyond = sum(abs(value - before) >= change for value in drawn)
    text = (
        f'{title_of(kind).capitalize()}: with {top} channels off the '
        f'variance goes from {before:.1f} to {np.mean(mine):.1f}, with as '
        f'strong ones to {np.mean(drawn):.1f} in the mean; {beyond} of '
        f'{len(drawn)} such draws change it as much'
    )
    interval = _interval(sweep, kind, top)
    if interval:
        first = ' in the first training' * (len(trainings) > 1)
        text += ' (change{} {:+.1f}, 95 % interval {:+.1f} to {:+.1f})'.format(
            first, *interval
        )
    return [f'{text}.']


def _interval(
    sweep: Sweep, kind: str, top: int
) -> Optional[tuple[float, float, float]]:
    """Change of the variance with images drawn anew, in the first training."""
    if sweep.per_image is None:
        return None
    images = sweep.per_image.shape[1]
    rng = np.random.default_rng(0)
    share = np.full(images, 1 / images)
    weights = rng.multinomial(images, share, 1000) / images
    (row,) = sweep.find(kind, 0, top)[:1]

    def change(how: np.ndarray) -> np.ndarray:
        scores = [
            sweep.resampled(i, how)[:, 1:] for i in (row, sweep.reference)
        ]
        return np.nanvar(scores[0], axis=1) - np.nanvar(scores[1], axis=1)

    low, high = np.quantile(change(weights), [0.025, 0.975])
    return float(change(share[None])[0]), float(low), float(high)


def _figure(trainings: Trainings) -> Figure:
    sweep = trainings.sweep
    lines: dict[str, tuple[list[float], list[float]]] = {}
    bands: dict[str, tuple[list[float], list[float]]] = {}
    base = float(np.mean(_variances(_rows(trainings, 'none', 0))))
    for kind in (*sweep.kinds, *DRAWN):
        found = [
            (top, values)
            for top in sweep.tops(kind)
            if (values := _variances(_rows(trainings, kind, top)))
        ]
        if not found:
            continue
        lines[kind] = (
            [float(top) for top, _ in found],
            [float(np.mean(values)) for _, values in found],
        )
        if kind in DRAWN:
            bands[kind] = (
                [min(values) for _, values in found],
                [max(values) for _, values in found],
            )
    return curves(
        'zones',
        lines,
        'channels switched off',
        'variance over zones',
        f'How unlike {sweep.metric} is over the zones of the image',
        'Bands are from the least to the greatest draw.',
        bands=bands,
        level=('nothing off', base),
    )
