"""Position maps against their formulas, pixel by pixel."""

import math

import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.models.readouts.position_maps import MAPS, position_map


def stretched(value, height, width):
    rows = [[value(r, c) for c in range(width)] for r in range(height)]
    drawn = torch.tensor(rows, dtype=torch.float64)
    return (drawn - drawn.min()) / (drawn.max() - drawn.min())


LITERAL = {
    'H': lambda r, c, h, w: c,
    'V': lambda r, c, h, w: r,
    'G': lambda r, c, h, w: math.exp(
        -((c - w / 2) ** 2 / (2 * (w / 2) ** 2))
        - ((r - h / 2) ** 2 / (2 * (h / 2) ** 2))
    ),
    'HS': lambda r, c, h, w: math.cos(2 * math.pi * 2.5 * (r + 0.5) / h),
    'VS': lambda r, c, h, w: math.cos(2 * math.pi * 2.5 * (c + 0.5) / w),
}


@pytest.mark.parametrize('name', MAPS)
@pytest.mark.parametrize('size', [(224, 224), (7, 30)])
def test_every_pixel_follows_the_formula(name, size):
    wanted = stretched(lambda r, c: LITERAL[name](r, c, *size), *size)
    assert torch.allclose(position_map(name, size).double(), wanted, atol=1e-6)
    assert torch.allclose(
        position_map(name, size, (-1, 1)).double(), 2 * wanted - 1, atol=1e-6
    )


def test_released_gaussian():
    drawn = stretched(lambda r, c: LITERAL['G'](r, c, 256, 256), 256, 256)
    released = torch.floor(255 * drawn)
    ours = position_map('G', 256).double() * 255
    assert torch.equal(ours.floor(), released)
    assert ours.argmax() == 128 * 256 + 128


@pytest.mark.parametrize(
    ('name', 'value_range', 'error'),
    [
        ('H', (0, 1), 0.251),
        ('V', (0, 1), 0.251),
        ('G', (0, 1), 0.197),
        ('HS', (0, 1), 0.318),
        ('VS', (-1, 1), 0.637),
    ],
)
def test_error_of_the_best_constant(name, value_range, error):
    drawn = position_map(name, 224, value_range).double()
    best = (drawn - drawn.median()).abs().mean()
    assert round(float(best), 3) == error


def test_stripes_and_gradients_use_different_axes():
    assert torch.equal(position_map('V', 9), position_map('H', 9).T)
    assert torch.equal(position_map('VS', 9), position_map('HS', 9).T)
    assert (position_map('H', 9).diff(dim=0) == 0).all()
    assert (position_map('HS', 9).diff(dim=1) == 0).all()


def test_formulas_of_the_user():
    x = torch.linspace(0, 1, 5, dtype=torch.float64)
    text = '-2*max(x, .5) ** 2 + sqrt(y) / 3 % 1 - cos(pi * x)'
    ours = position_map('own', 5, formulas={'own': text})
    wanted = (
        -2 * x.clamp(min=0.5)[None] ** 2
        + (x[:, None].sqrt() / 3) % 1
        - torch.cos(math.pi * x)[None]
    )
    wanted = (wanted - wanted.min()) / (wanted.max() - wanted.min())
    assert torch.allclose(ours.double(), wanted, atol=1e-6)
    given = position_map('own', 5, formulas={'own': lambda x, y: x + y})
    assert torch.equal(given, position_map('o', 5, formulas={'o': 'x+y'}))


@pytest.mark.parametrize(
    ('name', 'options', 'words'),
    [
        ('Q', {}, 'H, V, G, HS, VS'),
        ('bordr', {'formulas': {'border': 'x'}}, 'HS, VS, border'),
        ('a', {'formulas': {'a': '1 + 1'}}, 'constant'),
        ('a', {'formulas': {'a': 'sqrt(x - 2)'}}, 'not finite'),
        ('a', {'formulas': {'a': 'x +'}}, 'not understood'),
        ('a', {'formulas': {'a': 'min(x)'}}, 'not understood'),
        ('a', {'formulas': {'a': 'x.__class__'}}, 'not understood'),
        ('a', {'formulas': {'a': 'open("f")'}}, 'not understood'),
        ('H', {'value_range': (1, 0)}, 'empty'),
    ],
)
def test_wrong_maps(name, options, words):
    with pytest.raises(InputError, match=words):
        position_map(name, 8, **options)
