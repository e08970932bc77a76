"""Which score finds what, over trainings: the page of ``beyond``."""

from dataclasses import fields
from typing import Any, Mapping, Sequence

import numpy as np

from mmchanpos.statistics import Comparison, Trend, over_trainings

from .figures import Figure
from .look import canvas, colours, look
from .section import Section
from .tables import Number, Table

#: What was found in one training, as a study gives it.
Found = Mapping[str, Any]
#: Measures of what the task needs, which are no scores of position.
NEEDS = {
    'magnitude': 'strongest channels',
    'taylor': 'signed Taylor',
    'taylor_size': 'absolute Taylor',
    'gradients': 'integrated gradients',
    'removal': 'removal one by one',
}
#: Along which axis content moves in each displaced test.
AXES = {'upside down': 'y', 'rolled down': 'y', 'rolled across': 'x'}


def scores_section(found: Sequence[Found]) -> Section:
    """Harm, both controls, the bound, and content at other places.

    Args:
        found (Sequence[Mapping[str, Any]]): What
            :func:`mmchanpos.latent.study.study` gave, one for each training.
    """
    tops = found[0]['tops']
    tables = [_table(found, top) for top in (tops[-1], tops[0])]
    return Section(
        'Which score finds channels that position matters for?',
        sentences(found),
        [_two_axes(found[0])],
        tables,
        name='scores',
    )


def sentences(found: Sequence[Found]) -> list[str]:
    """What the table says, in words."""
    count = len(found)
    top = found[0]['tops'][-1]
    said = [
        f'{trainings(count)}; {found[0]["images"]} images to try on; mIoU '
        f'{np.mean([f["base"] for f in found]):.1f} with nothing off, and '
        f'{found[0]["live"]} of {found[0]["width"]} channels live.'
    ]
    kinds = _scores(found)
    controls = {'strong': 'matched', 'important': 'important'}
    beyond = {
        control: {k: _trend(found, k, top, name) for k in kinds}
        for control, name in controls.items()
    }
    for control, trends in beyond.items():
        best = sorted(
            (k for k in kinds if trends[k].sure), key=lambda k: -trends[k].mean
        )
        named = ', '.join(
            f'{k} ({trends[k].in_trainings()}, {trends[k].mean:+.1f})'
            for k in best
        )
        said.append(
            f'Top {top} off costs more than channels as {control}: {named}.'
            if best
            else f'No score finds {top} channels that cost more than channels '
            f'as {control}.'
        )
    said.append(_where_eq_2_wins(beyond['strong']))
    said += _causal(found, top)
    moved = [
        kind
        for kind in kinds
        if beyond['strong'][kind].sure
        and np.mean([row['relocate'] for row in _rows(found, kind, top)])
        > 0.5 * np.mean([row['harm'] for row in _rows(found, kind, top)])
    ]
    said.append(
        'Left on, but with the maps of content that sits elsewhere, at least '
        'half of the harm is there for, of those beyond strength: '
        f'{", ".join(moved) or "none"}. What is not is content that goes '
        'with a place, more than the place itself.'
    )
    return said


def _where_eq_2_wins(trends: Mapping[str, Trend]) -> str:
    own = trends['overall']
    better = [k for k, trend in trends.items() if trend.mean > own.mean]
    if not better:
        return (
            'Eq. 2 wins: no other score finds channels that cost as much '
            f'beyond their strength ({own.interval()}).'
        )
    beaten = [k for k in trends if k not in better and k != 'overall']
    return (
        f'Beyond strength, Eq. 2 comes to {own.mean:+.1f} points '
        f'({own.in_trainings()}); more than that: {", ".join(better)}; '
        f'less: {", ".join(beaten) or "none"}.'
    )


def _causal(found: Sequence[Found], top: int) -> list[str]:
    said = []
    for place, axis in AXES.items():
        if place not in found[0]['displaced']:
            continue
        trends = {
            kind: _trend(found, kind, top, 'displaced', place)
            for kind in _scores(found)
        }
        sure = [k for k, trend in trends.items() if trend.sure == len(found)]
        named = ', '.join(f'{k} ({trends[k].mean:+.1f})' for k in sure)
        left = np.mean([f['displaced'][place] for f in found])
        base = np.mean([f['base'] for f in found])
        little = ', so that there is little to lose' * bool(left < base / 2)
        said.append(
            f'With the content {place} (axis {axis}; mIoU {left:.1f} with '
            f'nothing off{little}) these cost less than in place, in every '
            f'training: {named or "none"}.'
        )
    return said


def _table(found: Sequence[Found], top: int) -> Table:
    places = [p for p in AXES if p in found[0]['displaced']]
    table = Table(
        f'Top {top} of {found[0]["live"]} live channels off',
        [
            'ranking',
            'harm',
            'beyond strength',
            'passes',
            'beyond importance',
            'passes (importance)',
            'share of greedy (%)',
            *(f'less harm {place}' for place in places),
            'relocated',
        ],
        note='Harm in points of mIoU. Passes: in how many trainings it does '
        'more harm than a random draw of channels as strong, or as important '
        'alone. Share: of what a greedy attack does. Less harm: in place '
        'minus elsewhere. Relocated: harm where nothing is off, but maps are '
        'those of content that sits elsewhere.',
    )
    key = str(top)
    greedy = np.array([f['greedy'][key]['harm'] for f in found])
    for kind in [*_scores(found), *NEEDS]:
        rows = _rows(found, kind, top)
        harm = np.array([row['harm'] for row in rows])
        strong, important = (
            _trend(found, kind, top, name) for name in ('matched', 'important')
        )
        table.add(
            NEEDS.get(kind, kind),
            Number.over(harm),
            Number.over(strong.values),
            f'{strong.sure} of {len(found)}',
            Number.over(important.values),
            f'{important.sure} of {len(found)}',
            Number.over(100 * harm / np.maximum(greedy, 0.1), digits=0),
            *(
                Number.over(
                    _trend(found, kind, top, 'displaced', place).values
                )
                for place in places
            ),
            Number.over([row['relocate'] for row in rows]),
        )
    blank = [''] * (len(table.columns) - 2)
    table.add('greedy', Number.over(greedy), *blank)
    table.add('random', Number.over([f['random'][key] for f in found]), *blank)
    return table


def _two_axes(found: Found) -> Figure:
    """Encoded against used, one dot a channel, of the first training."""
    channels = found['channels']
    data = Table('Channels', ['channel', 'x', 'y', 'place', 'used'])
    with look():
        image, axes = canvas(1, 3, (2.6, 2.5))
        for axis, name in zip(axes[0], ('x', 'y', 'place')):
            axis.scatter(
                np.clip(channels[name], 0, None),
                channels['used'],
                s=9,
                alpha=0.7,
                color=colours(['overall'])['overall'],
            )
            axis.axhline(0, color='#999999', lw=0.7)
            axis.set_xlabel(f'encoded: R² of {name}')
        axes[0, 0].set_ylabel('used: loss without it')
    values = [channels[name] for name in data.columns[1:]]
    for c, row in enumerate(zip(*values)):
        data.add(c, *row)
    return Figure(
        'encoded_used',
        image,
        'What a channel encodes of places against what the task loses without '
        'it alone. Encoded is not used, nor the other way round.',
        data,
    )


def _scores(found: Sequence[Found]) -> list[str]:
    return [kind for kind in found[0]['kinds'] if kind not in NEEDS]


def _rows(
    found: Sequence[Found], kind: str, top: int
) -> list[Mapping[str, Any]]:
    return [f['kinds'][kind][str(top)] for f in found]


def _trend(found: Sequence[Found], kind: str, top: int, *keys: str) -> Trend:
    """One of the comparisons of a row, over trainings."""
    names = [field.name for field in fields(Comparison)]
    each = []
    for row in _rows(found, kind, top):
        for key in keys:
            row = row[key]
        known = {name: row[name] for name in names}
        missing = {name: np.nan for name, v in known.items() if v is None}
        each.append(Comparison(**{**known, **missing}))
    return over_trainings(each)


def trainings(count: int) -> str:
    """How many there are, in words."""
    return 'One training' if count == 1 else f'{count} trainings'
