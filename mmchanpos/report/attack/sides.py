"""Whether channels of a side break that side."""

from typing import Mapping, Optional

from mmchanpos.latent.kinds import side_of, title_of
from mmchanpos.report.figures import Figure, line_panels
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Number, Table

from .curves import cells, harm_name
from .trainings import Answer, Trainings

HALVES = ('left', 'right')


def side_section(trainings: Trainings) -> Optional[Section]:
    """Whether channels of a side hurt that side more (Fig. 6).

    None without rankings of a side or without both halves.
    """
    kinds = _kinds(trainings)
    if not kinds:
        return None
    sentences = []
    columns = ['ranking', *HALVES, 'own half minus other', 'p']
    table = Table(
        'Harm by half, mean over all top N, in points',
        [*columns, 'more so than random', 'p '],
    )
    for kind, own in kinds.items():
        other = HALVES[own == 'left']
        spans = [(0, n) for n in trainings.sweep.tops(kind)]
        harm = {half: trainings.harm(kind, half, *spans) for half in HALVES}
        found = trainings.between_regions(kind, own, other)
        random = trainings.against_drawn(kind, 'random', (own, other))
        table.add(
            title_of(kind), *harm.values(), *cells(found), *cells(random)
        )
        text = _sentence(kind, own, other, harm, found)
        sentences.append(text + (_beside_random(random) if random else ''))
    return Section(
        'Do channels of a side break that side?',
        sentences,
        [side_figure(trainings)],
        [table],
        name='sides',
    )


def _kinds(trainings: Trainings) -> dict[str, str]:
    """Rankings of a side that were swept, and that side."""
    sweep = trainings.sweep
    if not set(HALVES) <= set(sweep.regions):
        return {}
    found = {kind: side_of(kind) for kind in sweep.kinds if sweep.tops(kind)}
    return {kind: side for kind, side in found.items() if side}


def _sentence(
    kind: str,
    own: str,
    other: str,
    harm: Mapping[str, Number],
    found: Optional[Answer],
) -> str:
    text = (
        f'{title_of(kind).capitalize()} cost the {own} half '
        f'{harm[own].value:.2f} points and the {other} half '
        f'{harm[other].value:.2f}'
    )
    if found is None:
        return f'{text}; without values per image this cannot be tested.'
    told = {
        'more': f'they break the {own} half more',
        'less': f'they break the {other} half more, against expectation',
        'not more': 'no difference between the halves is established',
    }
    return f'{text}: {told[found.answer]} ({found.interval()}).'


def _beside_random(random: Answer) -> str:
    told = {
        'more': 'Random channels do not tell the halves apart like this',
        'less': 'Random channels do so even more',
        'not more': 'Random channels may do the same',
    }
    return f' {told[random.answer]} ({random.interval()}).'


def side_figure(trainings: Trainings) -> Figure:
    """Harm to both halves (Fig. 6 and S4), a panel per ranking of a side."""
    data = Table(
        'Harm by side, in points', ['ranking', 'region', 'top', 'harm']
    )
    panels: dict[str, dict[str, list[list[float]]]] = {}
    for kind in _kinds(trainings):
        tops = trainings.sweep.tops(kind)
        lines = panels.setdefault(title_of(kind), {})
        for half in HALVES:
            harms = [trainings.harm(kind, half, (0, n)).plain for n in tops]
            lines[half] = [[0, *tops], [0.0, *harms]]
            for top, harm in zip(tops, harms):
                data.add(kind, half, top, harm)
    caption = (
        'How much worse the left and the right half of the image get. '
        'Channels of a side should hurt that side more.'
    )
    figure = line_panels(
        'sides',
        panels,
        'channels switched off',
        harm_name(trainings),
        data,
        caption,
        {half: f'{half} half' for half in HALVES},
    )
    for axis in figure.image.axes:
        axis.axhline(0, color='#555555', lw=0.8)
    return figure
