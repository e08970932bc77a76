"""The figures of an attack: curves, bars, sides and pictures."""

from typing import Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np

from mmchanpos.files import read_json
from mmchanpos.latent.kinds import side_of, title_of
from mmchanpos.report.figures import Figure, bars, draw_lines, panels
from mmchanpos.report.look import canvas, look
from mmchanpos.report.tables import Table

from .sweep import DRAWN, Sweep


def curve_figure(
    sweep: Sweep,
    regions: Optional[Sequence[str]] = None,
    kinds: Optional[Sequence[str]] = None,
) -> Figure:
    """Score against the number of channels switched off (Fig. 4 and S3).

    Args:
        sweep (Sweep): The sweep.
        regions (Sequence[str], optional): One pair of axes each. Defaults to
            all.
        kinds (Sequence[str], optional): Rankings to show beside the random
            ones. Defaults to all.

    Returns:
        Figure: Bands are the range of random draws (2.5 to 97.5 %).
    """
    regions = list(regions or sweep.regions)
    columns = ['region', 'ranking', 'top', sweep.metric, 'low', 'high']
    data = Table(f'{sweep.metric} by channels switched off', columns)
    across = 2 if len(regions) == 4 else min(len(regions), 3)
    down = -(-len(regions) // across)
    with look():
        image, axes = canvas(down, across, (3.4 if across > 1 else 5.0, 2.9))
        for axis in axes.flat[len(regions) :]:
            axis.set_visible(False)
        for axis, region in zip(axes.flat, regions):
            lines, bands = _curves(sweep, region, kinds or sweep.kinds)
            draw_lines(axis, lines, bands, labels=_labels(lines))
            axis.set(title=region, xlabel='channels switched off (top N)')
            for name, (tops, scores) in lines.items():
                low, high = bands.get(name, (scores, scores))
                for point in zip(tops, scores, low, high):
                    data.add(region, title_of(name), *point)
        axes[0, 0].set_ylabel(_axis(sweep))
        _legend(image, axes[0, 0])
    caption = (
        f'{sweep.metric} with the top N channels of each ranking switched '
        'off. Bands: 95 % of the random draws.'
    )
    match = next(iter(matches(sweep, 'matched')), None)
    if match:
        caption += f' The same magnitude: that of the {title_of(match)}.'
    return Figure('curves', image, caption, data)


def _curves(
    sweep: Sweep, region: str, kinds: Sequence[str]
) -> Tuple[Dict, Dict]:
    start = sweep.score(sweep.reference, region)
    lines, bands = {}, {}
    for kind in kinds:
        tops = sweep.tops(kind)
        if tops:
            rows = [sweep.find(kind, 0, n)[0] for n in tops]
            scores = [sweep.score(row, region) for row in rows]
            lines[kind] = [0, *tops], [start, *scores]
    for kind in DRAWN:
        # One band of matched channels is as much as an eye can follow.
        match = next(iter(matches(sweep, kind)), None)
        rows = sweep.rows_of(kind, match)
        tops = sorted({r['stop'] for r in rows if r['start'] == 0})
        if not tops:
            continue
        found = [
            [sweep.score(r, region) for r in sweep.find(kind, 0, n, match)]
            for n in tops
        ]
        means = [start, *(float(np.mean(f)) for f in found)]
        lines[kind] = [0, *tops], means
        ends = [np.quantile(f, [0.025, 0.975]) for f in found]
        low, high = np.array([[start, start], *ends]).T
        bands[kind] = low.tolist(), high.tolist()
    return lines, bands


def matches(sweep: Sweep, drawn: str) -> List[Optional[str]]:
    """Rankings whose magnitudes were matched; ``[None]`` for plain draws."""
    if drawn != 'matched':
        return [None]
    found = [r.get('matches', 'overall') for r in sweep.rows_of(drawn)]
    return list(dict.fromkeys(found))


def window_figure(sweep: Sweep, region: str) -> Optional[Figure]:
    """Harm of one window of ranks at a time (Fig. 4, bottom row).

    Args:
        sweep (Sweep): The sweep.
        region (str): Where to score.

    Returns:
        Figure: None if the sweep has no windows.
    """
    kinds = [kind for kind in sweep.kinds if len(sweep.windows(kind)) > 1]
    if not kinds:
        return None
    groups: Dict[str, Dict] = {}
    for kind in [*kinds, *DRAWN]:
        for start, stop in sweep.windows(kind):
            rows = sweep.find(kind, start, stop)
            harms = [sweep.harm(row, region) for row in rows]
            spread = np.std(harms, ddof=1) if len(harms) > 1 else None
            group = groups.setdefault(f'{start}-{stop}', {})
            group[kind] = float(np.mean(harms)), spread
    figure = bars(
        'windows',
        groups,
        f'harm to {sweep.metric} (points)',
        f'{region}: one window of ranks switched off',
        'Each group switches off that window of ranks and nothing else. If '
        'the order means anything, first ranks hurt most.',
        labels=_labels([*kinds, *DRAWN]),
    )
    figure.image.axes[0].set_xlabel('ranks switched off')
    return figure


def side_figure(sweep: Sweep) -> Optional[Figure]:
    """Harm to the left and the right half (Fig. 6 and S4).

    Args:
        sweep (Sweep): The sweep.

    Returns:
        Figure: None without rankings of a side or without the two regions.
    """
    kinds = [k for k in sweep.kinds if side_of(k) and sweep.tops(k)]
    if not kinds or not {'left', 'right'} <= set(sweep.regions):
        return None
    columns = ['ranking', 'region', 'top', 'harm']
    data = Table('Harm by side, in points', columns)
    with look():
        image, axes = canvas(1, len(kinds), (3.2, 2.8))
        for axis, kind in zip(axes[0], kinds):
            tops = sweep.tops(kind)
            lines = {}
            for region in ('left', 'right'):
                rows = [sweep.find(kind, 0, n)[0] for n in tops]
                harms = [sweep.harm(row, region) for row in rows]
                lines[region] = [0, *tops], [0.0, *harms]
                for top, harm in zip(tops, harms):
                    data.add(kind, region, top, harm)
            draw_lines(axis, lines)
            axis.axhline(0, color='#555555', lw=0.8)
            axis.set(title=title_of(kind), xlabel='channels switched off')
        axes[0, 0].set_ylabel(f'harm to {sweep.metric} (points)')
        _legend(image, axes[0, 0])
    caption = (
        'How much worse the left and the right half of the image get. '
        'Channels of a side should hurt that side more.'
    )
    return Figure('sides', image, caption, data)


def example_figure(sweep: Sweep, most: int = 3) -> Optional[Figure]:
    """Image, truth and predictions with the region outlined (Fig. 5).

    Args:
        sweep (Sweep): The sweep.
        most (int): How many images. Defaults to 3.

    Returns:
        Figure: None if the sweep kept no examples.
    """
    if sweep.examples is None:
        return None
    arrays = sweep.examples
    palette = arrays['palette'].astype(np.uint8)
    rows = [
        [image, _painted(truth, palette)]
        + [_painted(p, palette) for p in predictions]
        for image, truth, predictions in zip(
            arrays['image'][:most], arrays['truth'], arrays['prediction']
        )
    ]
    region, kind = str(arrays['region']), str(arrays['kind'])
    off = [f'top {n} off' if n else 'nothing off' for n in arrays['top']]
    columns = ['image', 'truth', *off]
    caption = (
        f'Predictions with the top {title_of(kind)} switched off; the frame '
        f'is the region "{region}".'
    )
    box = sweep.boxes.get(region)
    return panels('examples', rows, columns, caption=caption, box=box)


def _painted(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    # What is ignored has no colour: grey.
    known = classes < len(palette)
    painted = palette[np.where(known, classes, 0)]
    painted[~known] = 128
    return painted


def load_orders(sweep: Sweep) -> Dict[str, List[int]]:
    """Order of every ranking that was swept, drawn ones left out."""
    if sweep.rankings is None:
        return {}
    content = read_json(sweep.rankings)
    found = content.get('rankings', [content])
    return {r['kind']: r['order'] for r in found if r['kind'] not in DRAWN}


def _labels(names: Iterable[str]) -> Dict[str, str]:
    return {name: title_of(name) for name in names}


def _axis(sweep: Sweep) -> str:
    better = '' if sweep.higher_is_better else ' (lower is better)'
    return f'{sweep.metric}{better}'


def _legend(image, axis) -> None:
    handles, labels = axis.get_legend_handles_labels()
    image.legend(
        handles,
        labels,
        loc='outside lower center',
        ncols=min(len(labels), 3),
    )
