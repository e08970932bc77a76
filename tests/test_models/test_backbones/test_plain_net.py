import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.models.backbones import PlainNet


@torch.no_grad()
def test_the_latent_is_one_convolution_of_the_one_before():
    net = PlainNet().eval()
    (latent,) = net(torch.randn(2, 3, 48, 96))
    assert latent.shape == (2, 128, 6, 12)
    assert (latent >= 0).all()
    before = net.layers[:-1](torch.zeros(1, 3, 48, 96))
    last = net.layers[-1]
    wanted = last.bn(last.conv(before)).relu()
    torch.testing.assert_close(net(torch.zeros(1, 3, 48, 96))[0], wanted)


@torch.no_grad()
def test_every_place_sees_both_borders():
    # With zeros beyond them they tell where a place is; an image of one
    # colour has nothing else to say, and no two columns are alike.
    torch.manual_seed(0)
    (latent,) = PlainNet().eval()(torch.ones(1, 3, 64, 128))
    columns = latent[0].mean(dim=1).T
    apart = torch.cdist(columns, columns) + torch.eye(len(columns))
    assert apart.min() > 1e-6 * columns.norm(dim=1).max()


def test_lists_of_unequal_length_are_refused():
    with pytest.raises(InputError, match='7 strides'):
        PlainNet(strides=(2, 1, 2, 1, 2, 1, 1))
