import copy

import pytest
import torch
from torch import nn

from mmchanpos.latent import Ablation, ChannelRanking, ablate
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.replay.linear import GrowingOutput, is_linear


def test_rounding_does_not_build_up_over_a_long_curve():
    torch.manual_seed(0)
    conv = nn.Conv2d(512, 16, 3, padding=1)
    latent = torch.rand(1, 512, 8, 8)
    with torch.no_grad():
        growing = GrowingOutput(conv, latent, conv(latent))
        order = torch.randperm(512).tolist()
        cut = latent.clone()
        for n in range(0, 513, 8):
            cut[:, order[:n]] = 0
            out = growing.of(cut, order[:n])
        torch.testing.assert_close(out, conv(cut), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_loses_no_more_than_the_layer_itself(dtype):
    torch.manual_seed(0)
    conv = nn.Conv2d(256, 4, 3, padding=1)
    latent = torch.rand(1, 256, 6, 6).to(dtype)
    half = copy.deepcopy(conv).to(dtype)
    exact = copy.deepcopy(half).double()
    order = torch.randperm(256).tolist()
    with torch.no_grad():
        whole = half(latent)
        growing = GrowingOutput(half, latent, whole)
        cut = latent.clone()
        for n in range(0, 257, 8):
            cut[:, order[:n]] = 0
            out = growing.of(cut, order[:n])
            assert out.dtype == dtype
            # What the layer rounds once, its whole output and as many parts,
            # in units of the last place of the largest of them.
            unit = torch.finfo(dtype).eps * whole.abs().max().double()
            assert (out - exact(cut.double())).abs().max() < 2 * unit


def test_no_algorithm_is_searched_for_a_width_that_comes_once(monkeypatch):
    monkeypatch.setattr(torch.backends.cudnn, 'benchmark', True)
    seen = []

    class Watched(nn.Conv2d):
        def _conv_forward(self, *args):
            seen.append(torch.backends.cudnn.benchmark)
            return super()._conv_forward(*args)

    conv, latent = Watched(4, 2, 1), torch.rand(1, 4, 2, 2)
    growing = GrowingOutput(conv, latent, conv(latent))
    growing.of(latent, [1])
    assert seen == [True, False]
    assert torch.backends.cudnn.benchmark


class Doubled(nn.Conv2d):
    def forward(self, x):
        return 2 * super().forward(x)


def test_what_is_not_linear_is_not_taken_for_it():
    hooked = nn.Conv2d(2, 2, 1)
    hooked.register_forward_hook(lambda *_: None)
    assert is_linear(nn.Conv2d(2, 2, 1))
    assert is_linear(nn.Linear(2, 2))
    for layer in (
        hooked,
        Doubled(2, 2, 1),
        nn.Conv2d(2, 2, 1, groups=2),
        nn.ReLU(),
        nn.ConvTranspose2d(2, 2, 1),
    ):
        assert not is_linear(layer)


@pytest.mark.parametrize('value', ['zero', 'mean'])
def test_a_curve_pays_for_the_channels_that_it_adds(value, monkeypatch):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 2, 3))
    image, added, part = torch.rand(1, 3, 6, 6), [], GrowingOutput._part

    def noted(self, latent, channels):
        added.append(len(channels))
        return part(self, latent, channels)

    def ranking(mean):
        return ChannelRanking('overall', range(8), means=[mean] * 8)

    def curve(rankings):
        for ranking, top in zip(rankings, (2, 3, 6)):
            ablation = Ablation(ranking, top=top, value=value)
            found = replay.run(lambda: net(image), ablation)
            with ablate(net, '1', ablation):
                torch.testing.assert_close(found, net(image))

    monkeypatch.setattr(GrowingOutput, '_part', noted)
    replay = LatentReplay(net, '1')
    with torch.no_grad():
        replay.record(lambda: net(image))
        curve([ranking(0.1)] * 3)
        curve([ranking(0.2), ranking(0.3), ranking(0.4)])
    # Zeros are zeros, whichever ranking they are of; means may differ.
    apart = [2, 1, 3] if value == 'zero' else [2, 3, 6]
    assert added == [2, 1, 3] + apart
