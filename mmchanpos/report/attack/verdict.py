"""Whether channels hurt more than chance, and than their strength explains.

Only channels that pass both questions can be said to carry position rather
than to be strong.
"""

from itertools import chain

import numpy as np

from mmchanpos.latent.kinds import KINDS, title_of
from mmchanpos.report.provenance import provenance
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table

from .curves import cells, curve_figure, verdict_figure
from .trainings import Answer, Trainings

#: What follows from both questions: in a word or two, above the names of all
#: rankings that it holds for, and in a sentence on one of them.
_CONCLUSIONS = {
    'both': (
        'more than both',
        'More than chance and than their strength explains',
        'So they matter more than chance and more than their strength '
        'explains.',
    ),
    'strength': (
        'strength is enough',
        'More than chance, but their strength explains it',
        'So they matter more than chance, but not more than channels that '
        'are as strongly active: strength is enough to explain the harm, and '
        'it is no evidence of position.',
    ),
    'open': (
        'more than chance, strength untested',
        'More than chance, with strength untested',
        'So they matter more than chance. Whether because of position or '
        'because they are strong is open: no draws of the same magnitude '
        'were made.',
    ),
    'chance': (
        'no more than chance',
        'No more than chance',
        'So there is no evidence that they matter more than any other '
        'channels.',
    ),
    'untested': (
        'not tested',
        'Not tested',
        'Without random draws nothing follows from this.',
    ),
    'control': (
        'control: strength alone',
        '',
        'This is a control: it shows what mere strength costs, whatever a '
        'channel codes.',
    ),
}


def verdict_section(trainings: Trainings, command: str = '') -> Section:
    """Whether each ranking hurts more than chance and than strength explain.

    It is asked of the first region, with curves, tests and words below.
    """
    sweep = trainings.sweep
    region = sweep.regions[0]
    found = [
        _Found(trainings, k, region) for k in sweep.kinds if sweep.tops(k)
    ]
    # The worst first, controls last.
    found.sort(key=lambda f: (f.is_control, -f.beyond_chance))
    figures = []
    if found:
        order = [f.kind for f in found]
        figures.append(verdict_figure(trainings, region, order))
        if len(sweep.regions) > 1:
            figures.append(curve_figure(trainings))
    return Section(
        'Does switching them off hurt more than chance?',
        [_question(trainings, region), _answer(found), *_dead(trainings)],
        figures,
        [_summary(trainings, found, region)],
        command,
        [
            _tests(trainings, found, region),
            _score_table(trainings),
            provenance(**sweep.provenance),
        ],
        name='verdict',
        remarks=[f.paragraph() for f in found],
    )


class _Found:
    """What is known of one ranking."""

    def __init__(self, trainings: Trainings, kind: str, region: str) -> None:
        self.trainings, self.kind, self.region = trainings, kind, region
        self.top = trainings.sweep.tops(kind)[-1]
        self.harm = trainings.harm(kind, region, (0, self.top))
        self.random = trainings.against_drawn(kind, 'random', region)
        self.matched = trainings.against_drawn(kind, 'matched', region)

    @property
    def is_control(self) -> bool:
        return self.kind in KINDS and KINDS[self.kind].control

    @property
    def beyond_chance(self) -> float:
        found = self.random.difference if self.random else self.harm.plain
        return -np.inf if np.isnan(found) else found

    @property
    def conclusion(self) -> str:
        if self.is_control:
            return 'control'
        if self.random is None:
            return 'untested'
        if self.random.answer != 'more':
            return 'chance'
        if self.matched is None:
            return 'open'
        return 'both' if self.matched.answer == 'more' else 'strength'

    def after(self) -> Number:
        """The score with the largest N off."""
        scores = self.trainings.scores(self.kind, 0, self.top, self.region)
        return Number.over([s for (s,) in scores], digits=2)

    def paragraph(self) -> str:
        """What happened, both comparisons, and what follows."""
        sweep = self.trainings.sweep
        (row,) = sweep.find(self.kind, 0, self.top)
        each = ' on each level' if sweep.rows[row].per_level else ''
        of_all = f' of {sweep.channels}' if sweep.channels and not each else ''
        before = self.trainings.before(self.region)
        text = (
            f'{title_of(self.kind).capitalize()}: with the top {self.top}'
            f'{of_all}{each} switched off, {sweep.metric} ({self.region}) '
            f'goes from {before} to {self.after()}.'
        )
        for drawn in ('random', 'matched'):
            answer = getattr(self, drawn)
            if answer is not None:
                text += ' ' + _compared(drawn, answer)
        return f'{text} {_CONCLUSIONS[self.conclusion][2]}'


def _compared(drawn: str, found: Answer) -> str:
    way = 'more' if found.difference >= 0 else 'less'
    clear = '' if found.answer != 'not more' else ', no clear difference'
    return (
        f'Averaged over all N it costs {abs(found.difference):.2f} points '
        f'{way} than {title_of(drawn)}{clear} ({found.interval()}; '
        f'{found.reached()} draws cost as much).'
    )


def _question(trainings: Trainings, region: str) -> str:
    sweep = trainings.sweep
    better = 'LOWER' if sweep.lower_is_better else 'higher'
    several = f', mean of {len(trainings)} trainings' * (len(trainings) > 1)
    return (
        'Each ranking puts the channels first that by its measure depend '
        'most on position; the first N are switched off without retraining. '
        f'{sweep.metric} ({better} is better{several}) is '
        f'{trainings.before(region)} with nothing switched off; harm is how '
        'many points worse it gets.'
    )


def _answer(found: list[_Found]) -> str:
    if not found:
        return 'No top N was switched off, so nothing is said about it.'
    parts = []
    for conclusion, (_, words, _) in _CONCLUSIONS.items():
        names = [title_of(f.kind) for f in found if f.conclusion == conclusion]
        if names and words:
            parts.append(f'{words}: {", ".join(names)}.')
    return ' '.join([*parts, found[0].trainings.counted()])


def _dead(trainings: Trainings) -> list[str]:
    """A warning where channels that are always 0 are switched off."""
    counts = [sweep.dead for sweep in trainings.sweeps]
    channels = trainings.sweep.channels
    if not any(counts) or channels is None:
        return []
    dead = ', '.join(map(str, counts))
    text = (
        f'{dead} of {channels} channels are always 0. They come last in every '
        'ranking, are never drawn, and do not count.'
    )
    # On each level of a pyramid N counts others than those of all.
    rows = [r for r in trainings.sweep.rows if not r.per_level]
    tops = {row.stop for row in rows if row.start == 0}
    beyond = sorted(n for n in tops if n > channels - max(counts))
    if beyond:
        text += (
            f' N = {", ".join(map(str, beyond))} goes beyond the live ones, '
            'so it says no more than all of them off.'
        )
    return [text]


def _summary(trainings: Trainings, found: list[_Found], region: str) -> Table:
    sweep = trainings.sweep
    table = Table(
        f'What each ranking costs ({region}), points averaged over all N',
        [
            'ranking',
            f'{sweep.metric} at the largest N',
            'more than chance',
            'more than strength',
            'verdict',
        ],
        note='✓ more, p < 0.05; ✗ not established. Chance: random channels; '
        'strength: random channels of the same magnitude.',
    )
    for f in found:
        table.add(
            title_of(f.kind),
            f'{f.after()} (top {f.top})',
            f.random and f.random.brief(),
            f.matched and f.matched.brief(),
            _CONCLUSIONS[f.conclusion][0],
        )
    return table


def _tests(trainings: Trainings, found: list[_Found], region: str) -> Table:
    columns = ['ranking', 'harm at the largest N', 'more than random', 'p']
    columns += ['more than same magnitude', 'p ']
    new = 'another training' if len(trainings) > 1 else 'another draw'
    table = Table(
        f'Harm to {trainings.sweep.metric} ({region}) in points, mean over '
        'all top N',
        columns,
        note=f'In brackets 95 % intervals for {new} and other images. One '
        'test per ranking; p values are not corrected for their number.',
    )
    for f in found:
        table.add(
            f'{title_of(f.kind)} (top {f.top})',
            f.harm,
            *cells(f.random),
            *cells(f.matched),
        )
    return table


def _score_table(trainings: Trainings) -> Table:
    """Every score, by ranking, number of channels and region."""
    sweep = trainings.sweep
    table = Table(
        f'{sweep.metric} with channels switched off',
        ['ranking', 'ranks', *sweep.regions],
        note='Mean and standard deviation over trainings and random draws.',
    )
    table.add('nothing', '0', *map(trainings.before, sweep.regions))
    spans = dict.fromkeys(
        (row.kind, row.matches, row.start, row.stop)
        for row in sweep.rows
        if row.stop > row.start
    )
    for kind, matches, start, stop in spans:
        match = (matches or 'overall') if kind == 'matched' else None
        name = title_of(kind) + (f' (as {match})' if match else '')
        numbers = []
        for region in sweep.regions:
            each = trainings.scores(kind, start, stop, region, match)
            numbers.append(Number.over(chain(*each), digits=2))
        table.add(name, f'{start}-{stop}', *numbers)
    return table
