"""Show how maps and boxes change under shifts: tables, profiles, flips."""

from pathlib import Path
from typing import Any, Mapping, Optional, Sequence

import msgspec
import numpy as np

from mmchanpos.files import PathLike, read_npz
from mmchanpos.report.figures import Figure, curves, panels
from mmchanpos.report.section import Section
from mmchanpos.report.shift_section import FRAGILE, Picture, read_results
from mmchanpos.report.tables import Number, Table
from mmchanpos.shift import stability_map

#: What measures are called, by what is predicted.
TITLES: dict[str, dict[str, str]] = {
    'maps': {
        'agreement': 'pixels of the same class (%)',
        'inner': '  off the border (%)',
        'border': '  in the outer tenth (%)',
        'miou': 'mIoU with the unshifted (%)',
        'accuracy': 'right pixels, unshifted (%)',
        'accuracy_shifted': 'right pixels, shifted (%)',
        'fidelity': 'same and right (%)',
    },
    'boxes': {
        'agreement': 'objects kept (%)',
        'lost': 'lost (%)',
        'found': 'found (%)',
        'confidence': 'change of confidence (points)',
        'place': 'change of place (pixels)',
        'overlap': 'IoU of the kept (%)',
        'small': 'small objects kept (%)',
        'medium': 'medium ones (%)',
        'large': 'large ones (%)',
        'border': 'kept at the edge (%)',
    },
}
Measures = dict[str, tuple[Optional[float], Optional[float], Optional[float]]]


class _Group(msgspec.Struct):
    """Measures of some of the shifts."""

    measures: Measures
    size: Optional[float] = None
    direction: Optional[str] = None
    shift: Optional[list[float]] = None


class _Profile(msgspec.Struct):
    """What ``ShiftProfileLoop`` writes of a test and is shown."""

    predicts: str
    measures: Measures
    by_size: list[_Group]
    by_direction: list[_Group]
    images: int
    description: str
    test: dict[str, Any]
    by_shift: list[_Group] = []
    warning: Optional[str] = None


def profile_section(
    folder: Path,
    picture: Picture,
    beside: Mapping[str, PathLike],
    only: Sequence[str],
) -> Section:
    """Read what ``ShiftProfileLoop`` wrote and draw it.

    Arguments are those of :func:`.shift_section.shift_section`.
    """
    profiles = read_profiles(folder)
    profiles = {name: profiles[name] for name in only}
    others = {name: read_profiles(path) for name, path in beside.items()}
    figures: list[Figure] = []
    for name, profile in profiles.items():
        nets = {'this network': profile}
        nets.update({n: p[name] for n, p in others.items() if name in p})
        figures += _lines(name, nets)
        figures += _phases(name, profile)
        if profile.predicts == 'maps':
            figures += _flips(name, folder, picture)
    first = next(iter(profiles.values()))
    kept = 'Pixels keep' if first.predicts == 'maps' else 'Objects keep'
    return Section(
        'How much do shifts change what is seen where?',
        [
            f'{kept} what they were predicted to be without the shift, or '
            'change, after the shift is undone; only what both views show '
            'counts. A network that always says the same changes nothing, so '
            'read this beside its accuracy.',
            *(
                f'{name}: {profile.warning}'
                for name, profile in profiles.items()
                if profile.warning
            ),
        ],
        figures=figures,
        tables=[profile_table(profiles), *_directions(profiles)],
    )


def read_profiles(folder: PathLike) -> dict[str, _Profile]:
    """All profiles in a folder, by name of the test."""
    return read_results(folder, _Profile, 'predicts', 'profiles of shifts')


def profile_table(profiles: Mapping[str, _Profile]) -> Table:
    """One row per measure, with its interval; one column per test."""
    table = Table(
        'Under shifts, with 95 % intervals over images',
        ['', *profiles],
        note='\n'.join(
            f'{name}: {profile.description}; {profile.images} images'
            for name, profile in profiles.items()
        ),
    )
    titles = TITLES[next(iter(profiles.values())).predicts]
    for key, title in titles.items():
        table.add(title, *(_cell(p.measures[key]) for p in profiles.values()))
    return table


def _cell(measure: Optional[Sequence[Optional[float]]]) -> str:
    known = [value for value in measure or () if value is not None]
    if len(known) < 3:
        return '-'
    return '{:.2f} [{:.2f}, {:.2f}]'.format(*known)


def _main(group: Any) -> tuple[Optional[float], ...]:
    return group.measures['agreement']


def _directions(profiles: Mapping[str, _Profile]) -> list[Table]:
    found = []
    for name, profile in profiles.items():
        titles = TITLES[profile.predicts]
        keys = [key for key in titles if not key.startswith('accuracy')][:6]
        table = Table(
            f'{name}: by direction and size of the shift',
            ['content moves (pixels)', *(titles[key].strip() for key in keys)],
        )
        for group in (*profile.by_direction, *profile.by_size):
            cells = [Number(group.measures[k][0], digits=2) for k in keys]
            table.add(group.direction or f'by {group.size:g}', *cells)
        found.append(table)
    return found


def _lines(name: str, nets: Mapping[str, _Profile]) -> list[Figure]:
    """Agreement against the size of the shift, and along each axis."""
    label = TITLES[nets['this network'].predicts]['agreement']
    figures = []
    for what, x in (
        ('size', 'size of the shift'),
        ('right', 'shift to the right'),
        ('down', 'shift down'),
    ):
        lines: dict[str, list[list[Any]]] = {}
        for net, profile in nets.items():
            points = [
                (place, *_main(group))
                for place, group in _along(profile, what)
                if None not in _main(group)
            ]
            if len(points) > 1:
                lines[net] = [*map(list, zip(*points))]
        if lines:
            figures.append(
                curves(
                    f'{name}-{what}',
                    lines,
                    f'{x} (pixels)',
                    label,
                    f'{name}: {label} against the {x}',
                    'What repeats with the stride of the network is '
                    'aliasing. Bands are 95 % intervals over images.',
                )
            )
    return figures


def _along(profile: _Profile, what: str) -> list[tuple[float, _Group]]:
    """Groups by the size of the shift, or by shifts of one axis alone."""
    if what == 'size':
        return [(group.size or 0.0, group) for group in profile.by_size]
    axis = ('down', 'right').index(what)
    shifts = [(g.shift, g) for g in profile.by_shift if g.shift]
    found = [(s[axis], g) for s, g in shifts if s[1 - axis] == 0]
    return sorted(found, key=lambda point: point[0])


def _phases(name: str, profile: _Profile) -> list[Figure]:
    """Agreement at every shift of a grid, as a picture."""
    shifts = np.array([group.shift for group in profile.by_shift])
    if len(shifts) < 4 or not np.ptp(shifts, axis=0).all():
        return []
    values = np.array([_main(g)[0] for g in profile.by_shift], float)
    moved = values[(shifts != 0).any(1)]
    if not np.isfinite(moved).any():
        return []
    low, high = float(np.nanmin(moved)), float(np.nanmax(moved))
    ends = [f'{i:g} to {j:g}' for i, j in zip(shifts.min(0), shifts.max(0))]
    label = TITLES[profile.predicts]['agreement']
    return [
        panels(
            f'{name}-phases',
            [[stability_map(values, shifts)]],
            [f'{low:.2f} to {high:.2f}'],
            caption=f'{name}: {label} at every shift, {ends[0]} pixels down '
            f'and {ends[1]} to the right. Dark is low.',
            limits=(low, high if high > low else low + 1),
        )
    ]


def _flips(name: str, folder: Path, picture: Picture) -> list[Figure]:
    """Where pixels flip, on average and in the least stable images."""
    cache = read_npz(folder / f'{name}.npz')
    flips = cache['flips'].astype(float) / 255
    order = np.argsort(-flips.mean((1, 2)), kind='stable')[:FRAGILE]
    pictures = [picture(int(cache['index'][i])) for i in order]
    mean = _stretched(flips.mean(0), pictures[0].shape)
    maps = [_stretched(flips[i], p.shape) for i, p in zip(order, pictures)]
    heads = [
        f'{cache["index"][i]}: {100 * flips[i].mean():.1f} %' for i in order
    ]
    return [
        panels(
            f'{name}-flips',
            [[100 * mean]],
            [f'0 to {100 * mean.max():.1f} %'],
            caption=f'{name}: share of the shifts under which a place '
            'changes its class, mean over images. Bright is often.',
            limits=(0, 100 * max(mean.max(), 1e-6)),
        ),
        panels(
            f'{name}-fragile',
            [pictures, maps],
            heads,
            caption=f'{name}: images that change most, with index and '
            'share of pixels. Below, where: bright is often.',
            limits=(0, 1),
        ),
    ]


def _stretched(picture: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    sides = zip(picture.shape, shape)
    return picture[np.ix_(*(np.arange(n) * old // n for old, n in sides))]
