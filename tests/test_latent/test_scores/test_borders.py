"""Gates of the scores of the border and of content that lies elsewhere."""

import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.latent import Tap, collect, rank
from mmchanpos.latent.tap_record import TapRecord
from tests.test_latent.test_scores.by_hand import deltas


def net(mode, stride=1):
    torch.manual_seed(0)
    layers = []
    for width in (3, 6, 6):
        conv = nn.Conv2d(width, 6, 3, stride, 1, padding_mode=mode)
        nn.init.uniform_(conv.bias, 0, 0.5)
        layers += [conv, nn.ReLU()]
    return nn.Sequential(*layers).double().eval()


class Planted(nn.Module):
    """Content, the border, a ramp, a ramp five times, nothing."""

    def forward(self, image):
        content = image[:, :1]
        height, width = image.shape[2:]
        ring = torch.ones(1, 1, height, width).to(image)
        ring[..., 1:-1, 1:-1] = 0
        x = torch.linspace(-1, 1, width).expand(1, 1, height, width).to(image)
        places = torch.cat([ring, x, 5 * x, 0 * x], 1)
        maps = places.expand(len(image), -1, -1, -1)
        return torch.cat([content, maps], 1)


def images(n=64, seed=0, side=8):
    rng = torch.Generator().manual_seed(seed)
    shape = n, 3, side, side
    return torch.randn(shape, generator=rng, dtype=torch.float64).split(9)


def scores(model, kind, shift=(2, 2)):
    wrapped = nn.Sequential(model)
    (found,) = collect(wrapped, images(), ['0'], shift=shift)
    return rank(found, kind, draws=0).scores


def test_the_border_scores_1_content_and_dead_channels_0():
    content, ring, x, scaled, dead = scores(Planted(), 'border')
    assert ring == pytest.approx(1)
    assert abs(content) < 0.02
    assert abs(x) < 0.02
    assert scaled == pytest.approx(x, abs=1e-9)
    assert dead == 0


def test_content_goes_along_and_places_stay():
    content, ring, x, scaled, dead = scores(Planted(), 'relocation')
    assert content == pytest.approx(0, abs=1e-12)
    assert ring == pytest.approx(1)
    assert x == pytest.approx(1)
    assert scaled == pytest.approx(x)
    assert dead == 0


@pytest.mark.parametrize('kind', ['border', 'relocation'])
def test_a_circular_net_scores_its_null_a_padded_one_does_not(kind):
    assert abs(scores(net('circular'), kind)).max() < 0.02
    assert scores(net('zeros'), kind).max() > 0.05


def test_a_shift_that_is_no_whole_stride_has_no_relocation():
    model = nn.Sequential(net('circular', stride=2))
    (found,) = collect(model, images(side=16), ['0'], shift=(8, 8))
    assert rank(found, 'relocation', draws=0).scores.max() < 1e-9
    (found,) = collect(model, images(), ['0'], shift=(3, 0))
    assert 'moved' not in found.vectors
    assert 'shift' in found.vectors


def test_the_border_row_squared_is_the_variance_it_explains():
    maps = torch.rand(2, 3, 5, 7, dtype=torch.float64)
    record = TapRecord(Tap('0'))
    record.plain(record.add('plain', maps), [0, 1], [True, True])
    rows = record.rows
    ring = torch.ones(5, 7, dtype=torch.bool)
    ring[1:-1, 1:-1] = False
    fitted = torch.empty_like(maps)
    for where in (ring, ~ring):
        fitted[..., where] = maps[..., where].mean(-1, keepdim=True)
    expected = fitted.var((2, 3), correction=0)
    np.testing.assert_allclose(rows['border'] ** 2, expected)
    np.testing.assert_allclose(rows['spread'], maps.var((2, 3), correction=0))


def test_intervals_and_stability_come_as_for_every_score():
    (found,) = collect(nn.Sequential(net('zeros')), images(), ['0'])
    for kind in ('border', 'anova', 'ramp_x', 'information'):
        ranking = rank(found, kind, draws=50)
        assert ranking.images == 64
        low, high = (np.array(ranking.notes[k]) for k in ('low', 'high'))
        assert (low <= high).all()
        assert (low - 0.05 <= ranking.scores).all()
        assert (ranking.scores <= high + 0.05).all()
        assert -1 <= ranking.notes['stability']['kendall'] <= 1


def test_residual_does_not_move_when_a_channel_only_scales():
    rng = np.random.default_rng(0)
    size = rng.lognormal(size=(1, 40)) * (1 + rng.random((30, 40)) / 10)
    change = size * rng.lognormal(size=40) / 9 * rng.choice([-1, 1], (30, 1))
    size[:, 7] = change[:, 7] = 0
    one = rank(deltas(plain=size, flip=size - change), 'residual', draws=0)
    assert one.order[-1] == 7
    # Strong and weak channels come alike: no correlation is left.
    left = np.log(size.mean(0)[np.arange(40) != 7])
    beyond = one.scores[np.arange(40) != 7]
    assert abs(np.corrcoef(left, beyond)[0, 1]) < 1e-9
    size, change = 3 * size, 3 * change
    again = rank(deltas(plain=size, flip=size - change), 'residual', draws=0)
    np.testing.assert_allclose(one.scores[:7], again.scores[:7])
