"""How far the rankings agree with each other."""

from itertools import combinations
from typing import Optional

from mmchanpos.latent.agreement import agreement
from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table
from mmchanpos.statistics import p_cell


def agreement_section(sweep: Sweep) -> Optional[Section]:
    """Rankings and magnitude side by side; None if there are fewer than two.

    The first ranks that are compared are a twentieth of the live channels.
    """
    shown = (*sweep.kinds, 'magnitude')
    rankings = [r for r in sweep.rankings if r.kind in shown]
    if len(rankings) < 2:
        return None
    top = max(1, min(r.live for r in rankings) // 20)
    table = Table(
        'Agreement of the rankings',
        ['rankings', 'Spearman', f'shared in top {top}', 'p'],
        note='Over live channels. p: chance of sharing at least as many if '
        'the orders were unrelated.',
    )
    to_magnitude = {}
    for one, other in combinations(rankings, 2):
        found = agreement(one, other, top)
        table.add(
            f'{title_of(one.kind)} and {title_of(other.kind)}',
            Number(found['spearman'], digits=2),
            Number(found['shared'], chance=found['chance'], digits=1),
            p_cell(found['p_value']),
        )
        kinds = [r.kind for r in (one, other) if r.kind != 'magnitude']
        if len(kinds) == 1:
            to_magnitude[kinds[0]] = found['spearman']
    sentences = [
        'Rankings that measure the same thing agree; a ranking that agrees '
        'with magnitude may only have found strong channels.'
    ]
    if to_magnitude:
        kind = max(to_magnitude, key=to_magnitude.__getitem__)
        sentences.append(
            f'Closest to magnitude are the {title_of(kind)}, with a Spearman '
            f'correlation of {to_magnitude[kind]:+.2f}.'
        )
    return Section(
        'Do the rankings agree?', sentences, [], [table], name='agreement'
    )
