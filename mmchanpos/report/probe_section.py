"""Accuracy by layer of read-outs on a frozen net, as table and figure."""

from typing import Any, Mapping

from .figures import curves
from .section import Section
from .tables import Number, Table

_NAMES = {
    'probed': 'trained net',
    'random': 'untrained net',
    'coordinates': 'the centre of activity alone',
    'shuffled': 'shuffled labels',
    'gapnet': 'GAPNet',
    'permutenet': 'PermuteNet',
}


def probe_section(result: Mapping[str, Any]) -> Section:
    """Show what a probe found.

    Args:
        result (Mapping): ``rows`` (net, layer, readout, accuracy), ``layers``,
            ``chance`` and ``grid``.

    Returns:
        Section: A figure, and a table with one row per net and read-out.
    """
    layers = list(result['layers'])
    grid, chance = result['grid'], result['chance']
    lines: dict[str, list[Number]] = {}
    for row in result['rows']:
        name = f'{_NAMES[row["readout"]]}, {_NAMES[row["net"]]}'
        cells = lines.setdefault(name, [Number(None)] * len(layers))
        cells[layers.index(row['layer'])] = Number.over(row['accuracy'])
    table = Table('Location accuracy by layer (%)', ['read-out', *layers])
    for name, cells in lines.items():
        table.add(name, *cells)
    figure = curves(
        'accuracy-by-layer',
        {
            name: (range(1, len(layers) + 1), [cell.plain for cell in cells])
            for name, cells in lines.items()
        },
        x='layer',
        y='location accuracy (%)',
        level=('chance', chance),
        caption='Layers from left to right: ' + ', '.join(layers) + '.',
    )
    sentences = [
        f'An image lies in one of {grid}x{grid} cells of an empty canvas. A '
        'linear read-out of the pooled channels of a frozen layer has to tell '
        f'which; guessing gives {chance:.1f} %.',
        'GAPNet knows which channel is which; PermuteNet is shown the '
        'channels in random order and can only use their sum.',
    ]
    return Section(
        'How much location do the pooled channels of a layer hold?',
        sentences,
        [figure],
        [table],
    )
