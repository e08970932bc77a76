"""The page of an audit: which layers and channels know where things are."""

from typing import Any, Mapping, Sequence

import numpy as np

from .figures import Figure, curves, panels
from .look import canvas, look
from .section import Section
from .tables import Number, Table

#: From which R^2 on a layer is said to know, and to know well.
KNOWS, WELL = 0.1, 0.5
_AXES = {'x': 'left-right', 'y': 'up-down', 'radius': 'centre-edge'}
_SCORES = {
    'anova': 'place explains',
    'border': 'border explains',
    'relocation': 'relocated',
}


def audit_section(found: Mapping[str, Any]) -> Section:
    """What an audit found, in words, figures and numbers.

    Args:
        found (dict): What :func:`mmchanpos.engine.audit.audit` gave, also
            read from JSON.
    """
    return Section(
        f'Where {found["model"]} knows where things are',
        verdict(found),
        [_heat_maps(found), _channels(found), _top_maps(found['layers'])],
        [_numbers(found), _top_table(found)],
    )


def verdict(found: Mapping[str, Any]) -> list[str]:
    """Plain sentences: whether, where, along which axis, and from what."""
    layers = found['layers']
    best = max(layers, key=_most)
    axis = max(best['read'], key=best['read'].get)
    value = best['read'][axis]
    said = [
        f'{found["images"]} images of {found["size"][0]} x '
        f'{found["size"][1]} pixels without a scene ({found["content"]}) went '
        f'through {len(layers)} layers; weights: {found["weights"]}.'
    ]
    if value < KNOWS:
        said.append(
            'No layer knows places: a linear read-out of the best one '
            f'("{best["name"]}") explains {value:.0%} of {_AXES[axis]}.'
        )
        return said
    how = 'well' if value >= WELL else 'a little'
    said.append(
        f'"{best["name"]}" knows places {how}: a linear read-out, tried on '
        f'other images, explains {_shares(best["read"])}.'
    )
    first = next(layer for layer in layers if _most(layer) >= KNOWS)
    if first is not best:
        said.append(f'It begins at "{first["name"]}".')
    place = layers.index(best)
    for cause, others in found['without'].items():
        left = _most(others[place])
        words = {
            'padding': 'circular padding, and the same weights',
            'embedding': 'position embeddings of 0, and the same weights',
        }.get(cause, f'the same weights without {cause}')
        said.append(
            f'With {words}, it explains {left:.0%} at most'
            + _blame(value, left, cause)
        )
    mean = best['mean']['anova']
    top = best['most']['anova']
    said.append(
        f'Of {best["live"]} live channels there, the place explains '
        f'{mean:.0%} of the variance on average, and {top:.0%} of that of the '
        'channel that knows most.'
    )
    return said


def _most(layer: Mapping[str, Any]) -> float:
    return max(layer['read'].values())


def _blame(value: float, left: float, cause: str) -> str:
    if left < 0.2 * value:
        return f': nearly all of it comes from the {cause}.'
    if left < 0.8 * value:
        return f': part of it comes from the {cause}.'
    return f': the {cause} is not what it comes from.'


def _shares(read: Mapping[str, float]) -> str:
    return ', '.join(f'{v:.0%} of {_AXES[k]}' for k, v in read.items())


def _heat_maps(found: Mapping[str, Any]) -> Figure:
    """Layers x axes, as the model is and without what may tell it places."""
    looks = {'as it is': found['layers']}
    for name, layers in found['without'].items():
        looks[f'without {name}'] = layers
    names = [_short(layer['name']) for layer in found['layers']]
    data = Table('Read-out of places', ['look', 'layer', *_AXES])
    with look():
        size = (1.0 + 0.62 * len(_AXES), 0.9 + 0.27 * len(names))
        image, axes = canvas(1, len(looks), size)
        for i, (title, layers) in enumerate(looks.items()):
            grid = np.array([[d['read'][a] for a in _AXES] for d in layers])
            axis = axes[0, i]
            shown = axis.imshow(
                grid, cmap='viridis', vmin=0, vmax=1, aspect='auto'
            )
            for (row, column), value in np.ndenumerate(grid):
                axis.text(
                    column,
                    row,
                    f'{value:.2f}',
                    ha='center',
                    va='center',
                    fontsize=7,
                    color='black' if value > 0.6 else 'white',
                )
            axis.set_title(title, fontsize=8)
            axis.set_xticks(range(len(_AXES)), list(_AXES), fontsize=7)
            rows = [name * (i == 0) for name in names]
            axis.set_yticks(range(len(names)), rows, fontsize=7)
            axis.grid(visible=False)
            for name, row in zip(names, grid.tolist()):
                data.add(title, name, *row)
        image.colorbar(shown, ax=axes, label='held-out R²')
    return Figure(
        'fingerprint',
        image,
        'How much of x, y and the distance from the centre a linear read-out '
        'of each layer explains, fitted on half of the images and tried on '
        'the others. Images have no scene, so all of it is the net.',
        data,
    )


def _channels(found: Mapping[str, Any]) -> Figure:
    lines = {}
    for layer in found['layers']:
        values = np.array(layer['channels'])
        share = (np.arange(len(values)) + 0.5) / len(values) * 100
        keep = np.unique(np.linspace(0, len(values) - 1, 64).astype(int))
        lines[_short(layer['name'])] = share[keep], values[keep]
    return curves(
        'channels',
        lines,
        x='channels, best first (%)',
        y='R² of the best ramp',
        caption='How many channels of each layer follow a ramp in x, y or '
        'the distance from the centre.',
    )


def _top_maps(layers: Sequence[Mapping[str, Any]]) -> Figure:
    return panels(
        'maps',
        [[np.asarray(t['map']) for t in layer['top']] for layer in layers],
        labels=[_short(layer['name']) for layer in layers],
        caption='Mean maps of the channels whose place explains most (number '
        'of the channel: share of its variance). Each has its own scale.',
        heads=[
            [f'{t["channel"]}: {t["anova"]:.2f}' for t in layer['top']]
            for layer in layers
        ],
    )


def _numbers(found: Mapping[str, Any]) -> Table:
    table = Table(
        'Layers',
        [
            'layer',
            'channels (live)',
            'map',
            *(f'R² of {axis}' for axis in _AXES),
            *(f'best without {cause}' for cause in found['without']),
            *_SCORES.values(),
        ],
    )
    for i, layer in enumerate(found['layers']):
        table.add(
            layer['name'],
            f'{layer["width"]} ({layer["live"]})',
            'x'.join(map(str, layer['size'])),
            *(Number(layer['read'][axis], digits=2) for axis in _AXES),
            *(
                Number(_most(others[i]), digits=2)
                for others in found['without'].values()
            ),
            *(Number(layer['mean'].get(k), digits=2) for k in _SCORES),
        )
    return table


def _top_table(found: Mapping[str, Any]) -> Table:
    columns = ['anova', 'ramp_x', 'ramp_y', 'ramp_radius', 'border']
    table = Table(
        'Channels whose place explains most', ['layer', 'channel', *columns]
    )
    for layer in found['layers']:
        for top in layer['top'][:3]:
            table.add(
                layer['name'],
                top['channel'],
                *(Number(top[name], digits=2) for name in columns),
            )
    return table


def compare_section(found: Sequence[Mapping[str, Any]]) -> Section:
    """Several audits side by side, by how deep a layer lies.

    Args:
        found (Sequence[Mapping[str, Any]]): What
            :func:`mmchanpos.engine.audit.audit` gave for each model.
    """
    labels = _labels(found)
    figures = []
    for axis, words in _AXES.items():
        lines = {}
        for label, one in zip(labels, found):
            read = [layer['read'][axis] for layer in one['layers']]
            lines[label] = np.linspace(0, 100, len(read)).tolist(), read
        figures.append(
            curves(
                f'compare_{axis}',
                lines,
                x='depth (% of the layers)',
                y='held-out R²',
                title=words,
            )
        )
    table = Table(
        'Best layer of each',
        ['model', 'weights', 'layer', *(f'R² of {axis}' for axis in _AXES)],
    )
    said = []
    for label, one in zip(labels, found):
        best = max(one['layers'], key=_most)
        numbers = [Number(best['read'][axis], digits=2) for axis in _AXES]
        table.add(label, one['weights'], best['name'], *numbers)
        said.append(f'{label}: {_shares(best["read"])} at "{best["name"]}".')
    return Section('Which model knows more of places', said, figures, [table])


def _labels(found: Sequence[Mapping[str, Any]]) -> list[str]:
    names = [_short(str(one['model']).rsplit('/', 1)[-1], 40) for one in found]
    before = [names[:i].count(name) for i, name in enumerate(names)]
    return [f'{n} {b + 1}' if b else n for n, b in zip(names, before)]


def _short(name: str, most: int = 24) -> str:
    return name if len(name) <= most else f'…{name[1 - most :]}'
