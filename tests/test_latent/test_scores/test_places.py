"""Gates that every score of places has to pass, and literal versions."""

import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent.cell_maps import BLOCKS, CellMaps, as_maps
from mmchanpos.latent.coordinates import coordinates
from mmchanpos.latent.scores.places import explained, information, ramp

SCORES = {
    'anova': explained,
    'anova_x': lambda maps: explained(maps, 'x'),
    'anova_y': lambda maps: explained(maps, 'y'),
    'ramp': ramp,
    'ramp_x': lambda maps: ramp(maps, ['x']),
    'ramp_y': lambda maps: ramp(maps, ['y']),
    'information': information,
}
ALL = np.full(BLOCKS, 1 / BLOCKS)
MODES = ('circular', 'zeros')


def latents(n=24, height=8, width=8, seed=0):
    """Content, x, y, x five times, half x and half content, nothing."""
    rng = torch.Generator().manual_seed(seed)
    content = torch.randn(n, 2, height, width, generator=rng).double()
    x, y = torch.as_tensor(coordinates(height, width))
    x, y = x.expand(n, -1, -1), y.expand(n, -1, -1)
    half = x / x.std() + content[:, 1] / content[:, 1].std()
    return torch.stack([content[:, 0], x, y, 5 * x, half, 0 * x], 1)


def recorded(data, batch=5, index=None):
    maps = CellMaps()
    index = range(len(data)) if index is None else index
    index = list(index)
    for first in range(0, len(index), batch):
        part = index[first : first + batch]
        maps.add(data[part], part)
    return maps


def shuffled(maps):
    """The same without places: the cells of each image in its own order."""
    rng = torch.Generator().manual_seed(2)
    flat = maps.flatten(2)
    order = torch.rand(len(flat), 1, flat.shape[2], generator=rng).argsort(2)
    return flat.gather(2, order.expand_as(flat)).view_as(maps)


@pytest.mark.parametrize('name', SCORES)
def test_a_coordinate_scores_1_content_and_dead_channels_nothing(name):
    found = SCORES[name](recorded(latents(n=64)))(ALL)
    content, x, y, scaled, half, dead = found
    for axis, value in (('x', x), ('y', y)):
        other = name.endswith(('_x', '_y')) and not name.endswith(axis)
        assert value == pytest.approx(0 if other else 1, abs=1e-9)
    assert abs(content) < 0.06
    assert scaled == pytest.approx(x, rel=1e-9, abs=1e-9)
    assert dead == 0
    if not name.endswith('_y'):
        assert 0.1 < half < 0.9


@pytest.mark.parametrize('name', SCORES)
def test_a_circular_net_of_stride_1_scores_its_null_a_padded_one_does_not(
    name,
):
    def net(mode):
        torch.manual_seed(0)
        layers = []
        for width in (3, 6, 6, 6):
            conv = nn.Conv2d(width, 6, 3, padding=1, padding_mode=mode)
            nn.init.uniform_(conv.bias, 0, 0.5)
            layers += [conv, nn.ReLU()]
        return nn.Sequential(*layers).eval()

    rng = torch.Generator().manual_seed(1)
    images = torch.rand(96, 3, 8, 8, generator=rng)
    found = {}
    for mode in MODES:
        with torch.no_grad():
            maps = net(mode)(images)
        found[mode] = SCORES[name](recorded(maps))(ALL)
        found[f'{mode} null'] = SCORES[name](recorded(shuffled(maps)))(ALL)
    null = max(abs(found[f'{mode} null']).max() for mode in MODES)
    assert abs(found['circular']).max() < 0.06
    assert null < 0.06
    # The border is no ramp along one axis, and no side of it is special.
    if name in ('anova', 'ramp', 'information'):
        assert found['zeros'].max() > 2 * max(null, 0.05)


def test_scores_equal_their_literal_form():
    n = BLOCKS  # one image per block
    data = latents(n)[:, [0, 4]] + 1.5
    maps = recorded(data)
    z = data.numpy()
    total = z.var((0, 2, 3))
    # An image that is brighter everywhere adds nothing to the mean map's
    # variance over places, so its own mean is no part of the correction.
    own = z - z.mean((2, 3), keepdims=True)
    between = own.mean(0).var((1, 2)) - own.var(0, ddof=1).mean((1, 2)) / n
    np.testing.assert_allclose(explained(maps)(ALL), between / total)
    columns = own.mean(2)
    between = columns.mean(0).var(1) - columns.var(0, ddof=1).mean(1) / n
    np.testing.assert_allclose(explained(maps, 'x')(ALL), between / total)

    x, y = coordinates(8, 8)
    basis = np.stack([x, y, np.hypot(x, y), np.ones_like(x)]).reshape(4, -1)
    found = []
    for fit, tried in ((z[::2], z[1::2]), (z[1::2], z[::2])):
        flat = fit.mean(0).reshape(2, -1)
        weights = np.linalg.lstsq(basis.T, flat.T, rcond=None)[0]
        error = tried - (weights.T @ basis).reshape(1, 2, 8, 8)
        found.append(1 - (error**2).mean((0, 2, 3)) / tried.var((0, 2, 3)))
    np.testing.assert_allclose(ramp(maps)(ALL), np.mean(found, 0))


def test_information_equals_its_literal_form():
    data = latents(16)[:, [0, 1, 4]]
    maps = recorded(data)
    told = []
    for name in ('bins', 'null_bins'):
        table = maps.arrays[name].sum(0)
        share = table / table.sum((1, 2), keepdims=True)
        alone = share.sum(1, keepdims=True) * share.sum(2, keepdims=True)
        with np.errstate(divide='ignore', invalid='ignore'):
            terms = np.where(share > 0, share * np.log(share / alone), 0)
        told.append(terms.sum((1, 2)))
    entropy = np.log(4)  # no ties: every level is as frequent
    found = information(maps)(ALL)
    expected = (told[0] - told[1]) / (entropy - told[1])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_batches_and_processes_change_nothing():
    data = latents(21)
    one = recorded(data, batch=1)
    parts = [recorded(data, 4, range(i, 21, 2)) for i in (0, 1)]
    merged = CellMaps.merge([*parts, CellMaps()])
    for other in (recorded(data, batch=7), merged):
        for name, array in one.arrays.items():
            np.testing.assert_allclose(
                other.arrays[name], array, rtol=1e-12, atol=1e-12
            )
    again = CellMaps(merged.arrays)
    assert (explained(again)(ALL) == explained(merged)(ALL)).all()


def test_large_maps_are_pooled_and_keep_what_is_large():
    data = latents(16, height=40, width=60)
    maps = recorded(data)
    assert maps.arrays['sum'].shape == (BLOCKS, 6, 16, 16)
    assert explained(maps)(ALL)[1] == pytest.approx(1, abs=1e-9)


def test_a_formula_of_ones_own():
    x, y = torch.as_tensor(coordinates(8, 8))
    data = torch.stack([x * y, x]).expand(8, -1, -1, -1)
    found = ramp(recorded(data), [lambda x, y: x * y])(ALL)
    np.testing.assert_allclose(found, [1, 0], atol=1e-9)
    with pytest.raises(InputError, match='no position map "z"'):
        ramp(recorded(data), ['z'])


def test_tokens_are_maps_where_they_are_a_square():
    maps = torch.rand(2, 8, 3, 3)
    tokens = torch.cat([torch.zeros(2, 5, 8), maps.flatten(2).mT], 1)
    assert as_maps(tokens, 2).equal(maps)
    assert as_maps(torch.rand(2, 8)) is None
    assert as_maps(maps.movedim(1, 3), 3).equal(maps)


def test_what_does_not_fit_is_named():
    maps = recorded(latents(2))
    with pytest.raises(InputError, match='images of one size'):
        maps.add(torch.rand(1, 6, 5, 5), [3])
    with pytest.raises(InputError, match='too few'):
        explained(recorded(latents(1)))
    with pytest.raises(InputError, match='no maps were recorded'):
        explained(CellMaps())
    with pytest.raises(InputError, match='axis="z"'):
        explained(maps, 'z')
