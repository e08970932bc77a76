"""The evaluation setups of CityPersons: which people a miss rate counts."""

from itertools import product
from typing import Any, NamedTuple, Optional, Sequence, Union

from mmchanpos.errors import InputError, nearest

#: What the public evaluators write for "no upper bound".
OPEN = 1e5**2


class PersonSetup(NamedTuple):
    """Who is to be found; everybody else is ignored.

    Attributes:
        name (str): How results are named.
        height (tuple[float, float]): Heights of the full box in pixels, both
            bounds included.
        visibility (tuple[float, float]): Visible part of the box, both
            bounds included.
        side (Optional[str]): ``'left'`` or ``'right'`` counts only people
            whose box has its centre in that half of the image; detections
            whose centre lies in the other half are dropped. Defaults to None.
    """

    name: str
    height: tuple[float, float]
    visibility: tuple[float, float]
    side: Optional[str] = None


_TALL, _SEEN = (50, OPEN), (0.65, OPEN)

#: The columns of Table S1.
TABLE_S1 = ('Reasonable', 'Small', 'Heavy', 'All')
#: Every published setup by name. ``HeavyFrom0`` is what the CSP and ALFNet
#: papers call "heavy".
SETUPS: dict[str, PersonSetup] = {
    setup.name: setup
    for setup in (
        PersonSetup('Reasonable', _TALL, _SEEN),
        PersonSetup('Small', (50, 75), _SEEN),
        PersonSetup('Heavy', _TALL, (0.2, 0.65)),
        PersonSetup('All', (20, OPEN), (0.2, OPEN)),
        PersonSetup('Bare', _TALL, (0.9, OPEN)),
        PersonSetup('Partial', _TALL, (0.65, 0.9)),
        PersonSetup('HeavyFrom0', _TALL, (0.0, 0.65)),
        PersonSetup('Middle', (75, 100), _SEEN),
        PersonSetup('Large', (100, OPEN), _SEEN),
        PersonSetup('ReasonableHeavy', _TALL, (0.2, OPEN)),
        PersonSetup('All50', _TALL, (0.0, OPEN)),
        PersonSetup('EcpReasonable', (40, OPEN), _SEEN),
        PersonSetup('EcpSmall', (30, 60), _SEEN),
        PersonSetup('EcpHeavy', (40, OPEN), (0.2, 0.65)),
        PersonSetup('EcpAll', (20, OPEN), (0.2, OPEN)),
    )
}


def resolve_setup(
    setup: Union[str, dict[str, Any], PersonSetup],
) -> PersonSetup:
    """A setup by its name, or from its ranges.

    Args:
        setup (str | dict | PersonSetup): ``'Reasonable'``, or ``dict(
            name=..., height=(h0, h1), visibility=(v0, v1))`` where an upper
            bound of None stays open.

    Example:
        >>> resolve_setup('Small').height
        (50, 75)
        >>> tall = dict(name='Tall', height=(150, None), visibility=(0, None))
        >>> resolve_setup(tall).height
        (150.0, 10000000000.0)
    """
    if isinstance(setup, PersonSetup):
        return setup
    if isinstance(setup, str):
        if setup not in SETUPS:
            raise InputError(
                f'"{setup}" is no setup of CityPersons. '
                f'{nearest(setup, SETUPS)} Ranges may be given as well: '
                "dict(name='Tall', height=(150, None), visibility=(0, None))."
            )
        return SETUPS[setup]
    if set(setup) != {'name', 'height', 'visibility'}:
        raise InputError(
            f'A setup has name, height and visibility; got {sorted(setup)}. '
            'Halves of the image are sides= of the metric.'
        )
    return PersonSetup(
        str(setup['name']),
        _range(setup['height'], setup['name']),
        _range(setup['visibility'], setup['name']),
    )


def with_sides(
    setups: Sequence[PersonSetup], sides: Sequence[str]
) -> tuple[PersonSetup, ...]:
    """Add to setups for whole images those for ``left`` or ``right`` halves.

    Their names are ``Reasonable_left`` and so on.
    """
    for side in sides:
        if side not in ('left', 'right'):
            raise InputError(f'side is "left" or "right", got "{side}".')
    halves = (
        setup._replace(name=f'{setup.name}_{side}', side=side)
        for setup, side in product(setups, sides)
    )
    return (*setups, *halves)


def _range(bounds: Sequence, name: str) -> tuple[float, float]:
    try:
        low, high = bounds
        low, high = float(low), OPEN if high is None else float(high)
    except (TypeError, ValueError) as e:
        raise InputError(
            f'Setup "{name}": {bounds!r} are not a lower and an upper bound.'
        ) from e
    if not 0 <= low <= high:
        raise InputError(f'Setup "{name}": {low} to {high} is no range.')
    return low, high
