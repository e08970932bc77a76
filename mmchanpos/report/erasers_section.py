"""How position is taken away, and what that costs: erasers beside channels."""

from typing import Any, Mapping, Sequence

import numpy as np

from mmchanpos.latent.kinds import KINDS, title_of

from .figures import Figure
from .lines import draw_lines
from .look import canvas, look
from .scores_section import Found, trainings
from .section import Section
from .tables import Number, Table


def erasers_section(found: Sequence[Found]) -> Section:
    """Task metric against what is left to read: directions and channels."""
    table = Table(
        'What is left to read of x and y, and what it costs',
        ['what goes', 'how much', 'mIoU', 'R² of x left', 'R² of y left'],
        note='A linear read-out fitted anew on other images. The last rows '
        'of "zeroed" are the first number of channels that leaves at most '
        '.05; it differs between trainings.',
    )
    rows: dict[Any, list[Mapping[str, Any]]] = {}
    for one in found:
        lasts = {row['kind']: row['top'] for row in one['erasers']}
        for row in one['erasers']:
            kind, top = row['kind'], row['top']
            if kind.endswith('zeroed') and top == lasts[kind]:
                top = 'all'
            rows.setdefault((kind, top), []).append(row)
    for (kind, top), same in rows.items():
        if top == 'all':
            count = [row['top'] for row in same]
            top = f'until erased: {min(count)} to {max(count)}'
        table.add(
            kind,
            top,
            Number.over(row['score'] for row in same),
            *(Number.over((r[a] for r in same), digits=2) for a in 'xy'),
        )
    return Section(
        'How is position taken away?',
        _erased(found),
        [_tradeoff(found[0])],
        [table],
        name='erasers',
    )


def _erased(found: Sequence[Found]) -> list[str]:
    # The last row of an eraser has all of its directions.
    two, last = (
        [[r for r in f['erasers'] if r['kind'] == kind][-1] for f in found]
        for kind in ('leace', 'ramp zeroed')
    )
    left = max(max(row['x'], row['y']) for row in two)
    lost = np.mean([f['base'] - r['score'] for f, r in zip(found, two)])
    zeroed = np.mean([f['base'] - r['score'] for f, r in zip(found, last)])
    return [
        'LEACE takes two directions away, after which a linear read-out '
        f'knows at most {left:.2f} of x or y in '
        f'{trainings(len(found)).lower()}; it costs {lost:.1f} points.',
        f'Switching channels off gets there with {min(r["top"] for r in last)}'
        f' to {max(r["top"] for r in last)} of {found[0]["width"]} channels, '
        f'and costs {zeroed:.1f} points.',
    ]


def _tradeoff(found: Found) -> Figure:
    """MIoU against the better known axis, of the first training."""
    data = Table('Erasure', ['what goes', 'how much', 'R²', 'mIoU'])
    start, *others = found['erasers']
    lines: dict[str, tuple[list[float], list[float]]] = {}
    for row in others:
        kind = row['kind']
        first = [] if kind in lines else [start]
        left, score = lines.setdefault(kind, ([], []))
        for each in (*first, row):
            left.append(max(each['x'], each['y']))
            score.append(each['score'])
            data.add(kind, each['top'], left[-1], score[-1])
    titles = {k: title_of(k) if k in KINDS else k for k in lines}
    with look():
        image, ((axes,),) = canvas(size=(6.4, 3.2))
        axes.set(xlabel='R² left of the better known axis', ylabel='mIoU')
        axes.invert_xaxis()
        draw_lines(axes, lines, labels=titles)
    return Figure(
        'erasers',
        image,
        'Right is erased. What erases well is high at the right end.',
        data,
    )
