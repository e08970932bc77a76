"""Where it hurts, which ranks hurt, what it looks like, what agrees."""

from itertools import combinations
from typing import Mapping, Optional, Tuple

import numpy as np

from mmchanpos.latent.agreement import overlap
from mmchanpos.latent.kinds import side_of, title_of
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table
from mmchanpos.statistics import Comparison, p_cell, rank_correlation

from .figures import (
    example_figure,
    load_orders,
    side_figure,
    window_figure,
)
from .judge import Judge, cells
from .sweep import Sweep


def side_section(sweep: Sweep, judge: Judge) -> Optional[Section]:
    """Whether channels of a side hurt that side more (Fig. 6).

    Args:
        sweep (Sweep): The sweep.
        judge (Judge): Its comparisons.

    Returns:
        Section: None without rankings of a side or without both halves.
    """
    figure = side_figure(sweep)
    if figure is None:
        return None
    sentences = []
    table = Table(
        'Harm by half, mean over all top N, in points',
        [
            'ranking',
            'left',
            'right',
            'own half minus other',
            'p',
            'more so than random',
            'p ',
        ],
    )
    for kind in sweep.kinds:
        own = side_of(kind)
        if own is None or not sweep.tops(kind):
            continue
        other = 'right' if own == 'left' else 'left'
        rows = [sweep.find(kind, 0, n)[0] for n in sweep.tops(kind)]
        harm = {
            region: float(np.mean([sweep.harm(r, region) for r in rows]))
            for region in ('left', 'right')
        }
        found = judge.between_regions(kind, own, other)
        random = judge.against_drawn(kind, 'random', (own, other))
        table.add(
            title_of(kind),
            Number(harm['left'], digits=2),
            Number(harm['right'], digits=2),
            *cells(found),
            *cells(random),
        )
        text = _side_sentence(kind, own, other, harm, found)
        if random is not None:
            text += _beside_random(random)
        sentences.append(text)
    return Section(
        'Do channels of a side break that side?',
        sentences,
        [figure],
        [table],
    )


def _side_sentence(
    kind: str,
    own: str,
    other: str,
    harm: Mapping[str, float],
    found: Optional[Comparison],
) -> str:
    text = (
        f'{title_of(kind).capitalize()} cost the {own} half {harm[own]:.2f} '
        f'points and the {other} half {harm[other]:.2f}'
    )
    if found is None:
        return f'{text}; without values per image this cannot be tested.'
    told = {
        'more': f'they break the {own} half more',
        'less': f'they break the {other} half more, against expectation',
        'not more': 'no difference between the halves is established',
    }
    return f'{text}: {told[found.answer]} ({found.interval()}).'


def _beside_random(random: Comparison) -> str:
    told = {
        'more': 'Random channels do not tell the halves apart like this',
        'less': 'Random channels do so even more',
        'not more': 'Random channels may do the same',
    }
    return f' {told[random.answer]} ({random.interval()}).'


def window_section(sweep: Sweep, judge: Judge) -> Optional[Section]:
    """Whether first ranks hurt more than later ones (Fig. 4, bottom row).

    Args:
        sweep (Sweep): The sweep.
        judge (Judge): Its comparisons.

    Returns:
        Section: None if the sweep has no windows.
    """
    region = sweep.regions[0]
    figure = window_figure(sweep, region)
    if figure is None:
        return None
    columns = ['ranking', 'ranks', 'harm', 'more than random', 'p']
    table = Table(f'Harm of a window of ranks ({region}), in points', columns)
    sentences = []
    for kind in sweep.kinds:
        windows = sweep.windows(kind)
        if len(windows) < 2:
            continue
        harms = []
        for span in windows:
            harm = sweep.harm(sweep.find(kind, *span)[0], region)
            found = judge.against_drawn(kind, 'random', region, [span])
            name = f'{span[0]}-{span[1]}'
            number = Number(harm, digits=2)
            table.add(title_of(kind), name, number, *cells(found))
            harms.append(harm)
        agree = rank_correlation(np.arange(len(harms)), -np.array(harms))
        sentences.append(
            f'{title_of(kind).capitalize()}: harm is {harms[0]:.2f} points '
            f'for ranks {windows[0][0]}-{windows[0][1]} and {harms[-1]:.2f} '
            f'for ranks {windows[-1][0]}-{windows[-1][1]}; '
            f'order and harm agree with Spearman {agree["spearman"]:+.2f} '
            f'over {len(harms)} windows.'
        )
    return Section(
        'Do the first ranks matter most?', sentences, [figure], [table]
    )


def example_section(sweep: Sweep) -> Optional[Section]:
    """Pictures of what breaks (Fig. 5); None if none were kept."""
    figure = example_figure(sweep)
    if figure is None:
        return None
    return Section('What it looks like', figures=[figure])


def ranking_section(
    sweep: Sweep, top: Optional[int] = None
) -> Optional[Section]:
    """How far the rankings agree with each other.

    Args:
        sweep (Sweep): The sweep.
        top (int, optional): First ranks to compare. Defaults to a twentieth
            of the channels.

    Returns:
        Section: None if fewer than two rankings are known.
    """
    orders = load_orders(sweep)
    if len(orders) < 2:
        return None
    channels = len(next(iter(orders.values())))
    top = top or max(1, channels // 20)
    columns = ['rankings', 'Spearman', f'shared in top {top}', 'p']
    table = Table(
        'Agreement of the rankings',
        columns,
        note='p: chance of sharing at least as many if the orders were '
        'unrelated.',
    )
    strongest: Tuple[float, str] = (-1.0, '')
    for (one, a), (other, b) in combinations(orders.items(), 2):
        ranks = (np.argsort(a), np.argsort(b))
        spearman = rank_correlation(*ranks)['spearman']
        shared = overlap(a, b, top)
        table.add(
            f'{one} and {other}',
            Number(spearman, digits=2),
            Number(shared['shared'], chance=shared['chance'], digits=1),
            p_cell(shared['p_value']),
        )
        if 'magnitude' in (one, other):
            name = one if other == 'magnitude' else other
            strongest = max(strongest, (spearman, name))
    sentences = [
        'Rankings that measure the same thing agree; a ranking that agrees '
        'with magnitude may only have found strong channels.'
    ]
    if strongest[1]:
        sentences.append(
            f'Closest to magnitude is "{strongest[1]}", with a Spearman '
            f'correlation of {strongest[0]:+.2f}.'
        )
    return Section('Do the rankings agree?', sentences, [], [table])
