import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent.padding import set_padding_mode
from mmchanpos.models.backbones.grid_resnet import GridResNet
from mmchanpos.models.backbones.nin import NIN
from tests.crafted import border_contrast


@pytest.mark.parametrize(('n', 'side'), [(3, 6), (5, 10), (7, 14)])
def test_the_latent_has_the_size_of_the_authors(n, side):
    net = GridResNet(18, stem_channels=4, base_channels=4)
    (latent,) = net(torch.zeros(1, 3, 32 * n, 32 * n))
    assert latent.shape == (1, 32, side, side)


@pytest.mark.parametrize('depth', [18, 34, 50, 101, 152])
@torch.no_grad()
def test_every_depth_builds_and_starts_with_live_residual_branches(depth):
    net = GridResNet(depth, stem_channels=4, base_channels=4)
    net.init_weights()
    last = 'norm3' if depth >= 50 else 'norm2'
    assert all(getattr(b, last).weight.all() for b in net.layer1)
    assert net(torch.zeros(1, 3, 32, 48))[0].shape[-2:] == (2, 3)


def test_resnet_without_padding_shrinks_and_is_blind_to_the_border():
    net = GridResNet(18, stem_channels=4, base_channels=4)
    net.eval()

    def latent(x):
        return net(x)[0]

    padded = latent(torch.zeros(1, 3, 224, 256)).shape
    assert padded[-2:] == (14, 16)
    wrapped = torch.nn.Sequential(net, Last())
    assert border_contrast(wrapped, size=225) > 1e-4
    with set_padding_mode(net, 'none'):
        assert latent(torch.zeros(1, 3, 224, 256)).shape[-2:] == (1, 3)
        assert border_contrast(wrapped, size=257) < 1e-5
        with pytest.raises(InputError, match='"none".*layer'):
            latent(torch.zeros(1, 3, 96, 96))


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
@torch.no_grad()
def test_a_padded_resnet_is_blind_to_the_border_only_in_these_modes(mode):
    net = GridResNet(18, stem_channels=4, base_channels=4)
    net.eval()
    first, whole = net.conv1, torch.nn.Sequential(net, Last())
    assert border_contrast(first) > 1e-2
    assert border_contrast(whole, size=96) > 1e-4
    with set_padding_mode(net, mode):
        assert border_contrast(first) < 1e-5
        assert border_contrast(whole, size=96) < 1e-5
    set_padding_mode(net, 'reflect')
    with pytest.raises(InputError, match=r'"reflect".*layer4.*1x1'):
        net(torch.zeros(1, 3, 16, 16))


class Last(torch.nn.Module):
    def forward(self, feats):
        return feats[-1]


def test_nin_returns_the_stages_asked_for():
    net = NIN(width=0.25, out_indices=(0, 2))
    first, last = net(torch.zeros(2, 3, 64, 96))
    assert first.shape == (2, 24, 64, 96)
    assert last.shape == (2, 48, 16, 24)
    assert not any(
        isinstance(m, torch.nn.BatchNorm2d) for m in NIN(norm=None).modules()
    )
    with pytest.raises(InputError, match='stages 0, 1 and 2'):
        NIN(out_indices=(3,))


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular', 'none'])
def test_nin_takes_every_padding(mode):
    net = torch.nn.Sequential(NIN(width=0.1, dropout=0.0), Last()).eval()
    assert border_contrast(net, size=64) > 1e-4
    with set_padding_mode(net, mode):
        assert border_contrast(net, size=64) < 1e-5
