"""Whether channels hurt more than chance, and than their strength explains.

Only channels that pass both questions can be said to carry position rather
than to be strong.
"""

from typing import Optional, Sequence

from mmchanpos.latent.kinds import KINDS, title_of
from mmchanpos.report.provenance import provenance
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table
from mmchanpos.statistics import Comparison

from .figures import curve_figure
from .judge import Judge, cells
from .sweep import Sweep


def verdict_section(
    sweep: Sweep, judge: Judge, command: str = '', region: str = ''
) -> Section:
    """Whether each ranking hurts more than chance and than strength explain.

    Args:
        sweep (Sweep): The sweep.
        judge (Judge): Its comparisons.
        command (str): What redoes it.
        region (str): Where to score. Defaults to the first of the sweep.

    Returns:
        Section: Curves, plain sentences and the table of tests.
    """
    region = region or sweep.regions[0]
    sentences = [_question(sweep, region)]
    table = Table(
        f'Harm to {sweep.metric} ({region}) in points, mean over all top N',
        [
            'ranking',
            'harm at the largest N',
            'more than random',
            'p',
            'more than same magnitude',
            'p ',
        ],
        note='In brackets 95 % intervals for another draw and other images. '
        'One test per ranking; p values are not corrected for their number.',
    )
    for kind in sweep.kinds:
        if not sweep.tops(kind):
            continue
        random = judge.against_drawn(kind, 'random', region)
        matched = judge.against_drawn(kind, 'matched', region)
        top = sweep.tops(kind)[-1]
        harm = sweep.harm(sweep.find(kind, 0, top)[0], region)
        table.add(
            f'{title_of(kind)} (top {top})',
            Number(harm, digits=2),
            *cells(random),
            *cells(matched),
        )
        sentences.append(verdict(sweep, judge, kind, region))
    facts = provenance(**sweep.provenance)
    return Section(
        'Does switching them off hurt more than chance?',
        sentences,
        [curve_figure(sweep)],
        [table],
        command,
        [score_table(sweep), facts],
    )


def verdict(sweep: Sweep, judge: Judge, kind: str, region: str) -> str:
    """One paragraph on one ranking, in plain words.

    Args:
        sweep (Sweep): The sweep.
        judge (Judge): Its comparisons.
        kind (str): The ranking.
        region (str): Where to score.

    Returns:
        str: What happened, both comparisons, and what follows.
    """
    top = sweep.tops(kind)[-1]
    (row,) = sweep.find(kind, 0, top)
    before, after = (sweep.score(r, region) for r in (sweep.reference, row))
    each = ' on each level' if sweep.rows[row].get('per_level') else ''
    of_all = f' of {sweep.channels}' if sweep.channels and not each else ''
    text = (
        f'{title_of(kind).capitalize()}: with the top {top}{of_all}{each} '
        f'switched off, {sweep.metric} ({region}) goes from {before:.2f} to '
        f'{after:.2f}.'
    )
    random = judge.against_drawn(kind, 'random', region)
    matched = judge.against_drawn(kind, 'matched', region)
    for drawn, found in (('random', random), ('matched', matched)):
        if found is not None:
            text += ' ' + _compared(drawn, found)
    return f'{text} {_conclusion(kind, random, matched)}'


def _compared(drawn: str, found: Comparison) -> str:
    way = 'more' if found.difference >= 0 else 'less'
    clear = '' if found.answer != 'not more' else ', no clear difference'
    return (
        f'Averaged over all N it costs {abs(found.difference):.2f} points '
        f'{way} than {title_of(drawn)}{clear} ({found.interval()}; '
        f'{found.reached} of {found.draws} draws cost as much).'
    )


def _conclusion(
    kind: str, random: Optional[Comparison], matched: Optional[Comparison]
) -> str:
    if kind in KINDS and KINDS[kind].control:
        return (
            'This is a control: it shows what mere strength costs, whatever '
            'a channel codes.'
        )
    if random is None:
        return 'Without random draws nothing follows from this.'
    if random.answer != 'more':
        return (
            'So there is no evidence that they matter more than any other '
            'channels.'
        )
    if matched is None:
        return (
            'So they matter more than chance. Whether because of position or '
            'because they are strong is open: no draws of the same magnitude '
            'were made.'
        )
    if matched.answer != 'more':
        return (
            'So they matter more than chance, but not more than channels '
            'that are as strongly active: strength is enough to explain the '
            'harm, and it is no evidence of position.'
        )
    return (
        'So they matter more than chance and more than their strength '
        'explains.'
    )


def _question(sweep: Sweep, region: str) -> str:
    start = sweep.score(sweep.reference, region)
    better = 'higher' if sweep.higher_is_better else 'LOWER'
    return (
        'Channels are ranked by how much they change when the image is '
        'mirrored; the first N are then switched off without retraining. '
        f'{sweep.metric} ({better} is better) is {start:.2f} with nothing '
        'switched off; harm is how many points worse it gets.'
    )


def score_table(sweep: Sweep) -> Table:
    """Every score, by ranking, number of channels and region."""
    table = Table(
        f'{sweep.metric} with channels switched off',
        ['ranking', 'ranks', *sweep.regions],
        note='Random rankings: mean and standard deviation over their draws.',
    )

    def add(name: str, ranks: str, rows: Sequence[int]) -> None:
        numbers = [
            Number.over([sweep.score(r, region) for r in rows], digits=2)
            for region in sweep.regions
        ]
        table.add(name, ranks, *numbers)

    add('nothing', '0', [sweep.reference])
    groups: dict = {}
    for i, row in enumerate(sweep.rows):
        if row['stop'] > row['start']:
            name = title_of(row['kind'])
            if row['kind'] == 'matched':
                name += f' (as {row.get("matches", "overall")})'
            span = f'{row["start"]}-{row["stop"]}'
            groups.setdefault((name, span), []).append(i)
    for (name, span), rows in groups.items():
        add(name, span, rows)
    return table
