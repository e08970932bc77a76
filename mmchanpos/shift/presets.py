"""Shift tests by name: the published metrics, and ours.

Every preset is a list of tests on images of one size. What was published is
kept, quirks included: half-open ranges, windows in the upper left corner, one
draw for a whole batch. Only the draws themselves come from a hash, so that
they can be repeated.
"""

from typing import Any, Sequence, Union

from mmchanpos.errors import InputError, nearest

from .protocol import ShiftProtocol


def _imagenet(sizes: Sequence[int], canvas: int = 256, **more: Any) -> list:
    fields = dict(
        mode='crop',
        canvas=canvas,
        crop=224,
        range='halfopen',
        anchor='topleft',
        draw_per='batch',
        batch=8,
        num_shifts=10,
    )
    return [dict(fields, max_shift=n, **more) for n in sizes]


def _whole(mode: str, size: int = 8, canvas: int = 32, **more: Any) -> list:
    return [dict(mode=mode, max_shift=size, canvas=canvas, **more)]


def _centred(size: int) -> list:
    # As many shifts as 0..size-1, but around the centre.
    return _whole('crop', size // 2, 256, crop=224, range='signed')


_PAIR: dict[str, Any] = dict(draw_per='batch', num_shifts=2)
_SIGNED: dict[str, Any] = dict(range='signed', **_PAIR)
_ALL: dict[str, Any] = dict(pair='original', exhaustive=True)

#: Name -> the tests it stands for.
PRESETS: dict[str, list[dict[str, Any]]] = {
    'cifar-zero8': _whole('zero'),
    'cifar-zero4': _whole('zero', 4),
    'cifar-circular8': _whole('circular'),
    'cifar-circular4': _whole('circular', 4),
    'cifar-reflect8': _whole('reflect'),
    'cifar-replicate8': _whole('replicate'),
    'cifar-s2': [
        test for n in (1, 2, 4, 8, 12, 16) for test in _whole('zero', n)
    ],
    'cifar-halfpixel': _whole('circular', 2, step=0.5),
    'imagenet-cons8': _centred(8),
    'imagenet-cons16': _centred(16),
    'zhang-imagenet': _imagenet([32]),
    'islam-cons8': _imagenet([8]),
    'islam-cons16': _imagenet([16]),
    'islam-s2': _imagenet([8, 16, 32, 40, 48, 64], canvas=288),
    'islam-s2-256': _imagenet([8, 16, 32]),
    'diagonal': _imagenet([33], axes='diagonal', exhaustive=True),
    'aps-cifar': _whole('circular', 3, **_SIGNED),
    'aps-cifar-zero': _whole('zero', 3, fill_space='normalised', **_SIGNED),
    'aps-imagenet': _whole('circular', 32, 224, **_SIGNED),
    'lps-imagenet': _whole('circular', 32, 256, **_SIGNED),
    'tips-standard': _whole('zero', batch=64, **_PAIR),
    'tips-circular': _whole('circular', batch=64, **_PAIR),
    'ge-cifar': _whole('circular', 32, range='halfopen', batch=100, **_PAIR),
    'alias-free-adversarial': _whole(
        'circular', 32, 224, range='signed', **_ALL
    ),
    'worst-case': _whole('zero', **_ALL),
}


def get_preset(name: str, **overrides: Any) -> list[ShiftProtocol]:
    """The tests behind a name, one or several on the same images.

    Args:
        name (str): A key of :data:`PRESETS`; ``'ddac-K'``, K crops of
            ImageNet that must all agree; or ``'cell-N'``, every shift of less
            than N pixels, N being the stride of the network.
        **overrides: Fields of :class:`ShiftProtocol` to change, such as
            ``exhaustive=True`` or ``num_shifts=20``.

    Example:
        >>> [test.max_shift for test in get_preset('islam-s2')]
        [8, 16, 32, 40, 48, 64]
        >>> get_preset('cifar-zero8', exhaustive=True)[0].describe()
        'zero, -8..8 in xy, two shifts, all 289'
        >>> get_preset('cifar-zero9')
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: No shift test is called "cifar-zero9"...
    """
    tests = PRESETS.get(name)
    family, _, number = name.rpartition('-')
    if family == 'ddac' and number.isdigit():
        k = int(number)
        tests = _imagenet([32], agree=k, num_shifts=5 * k)
    if family == 'cell' and number.isdigit():
        # Each place that a picture can have in a cell of the stride.
        tests = [dict(_ALL, max_shift=int(number), range='halfopen')]
    if tests is None:
        raise InputError(
            f'No shift test is called "{name}". '
            f'{nearest(name, [*PRESETS, "ddac-2", "cell-8"])}'
        )
    return [ShiftProtocol.from_dict({**test, **overrides}) for test in tests]


def resolve(
    tests: Union[str, dict, Sequence[Union[str, dict]]], **overrides: Any
) -> dict[str, ShiftProtocol]:
    """Names and fields, as written in a config, to tests by unique names.

    Args:
        tests (str | dict | list): Names of presets, fields of a
            :class:`ShiftProtocol` (with an optional ``name``), or a list of
            both. All must be defined on images of one size.
        **overrides: Fields to change in every test.

    Example:
        >>> list(resolve(['cifar-zero8', dict(mode='reflect', max_shift=2)]))
        ['cifar-zero8', 'reflect2']
    """
    named: dict[str, ShiftProtocol] = {}
    for entry in [tests] if isinstance(tests, (str, dict)) else tests:
        if isinstance(entry, str):
            found = get_preset(entry, **overrides)
            names = [entry] * len(found)
            if len(found) > 1:
                names = [f'{entry}/{t.max_shift:g}' for t in found]
        else:
            fields = {**entry, **overrides}
            name = fields.pop('name', None)
            found = [ShiftProtocol.from_dict(fields)]
            names = [name or f'{found[0].mode}{found[0].max_shift:g}']
        for name, test in zip(names, found):
            if named.setdefault(name, test) != test:
                raise InputError(
                    f'Two different shift tests are called "{name}": give '
                    'them a name=.'
                )
    if not named:
        raise InputError('No shift test was given.')
    sizes = {test.canvas for test in named.values() if test.canvas}
    if len(sizes) > 1:
        raise InputError(
            'Shift tests on images of different sizes cannot share one run: '
            + ', '.join(f'"{n}" on {t.canvas}' for n, t in named.items())
            + '. Run them one after another.'
        )
    return named
