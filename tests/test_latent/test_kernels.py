import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent.kernels import flip_kernels


def test_flipped_kernels_see_the_mirrored_image_alike():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, 1, 1),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, 2, 1, groups=2),
        nn.ConvTranspose2d(4, 5, 3, 1, 1),
    )
    image = torch.rand(2, 3, 33, 33)
    before = net(image)
    with flip_kernels(net):
        mirrored = net(image.flip(-1)).flip(-1)
        torch.testing.assert_close(mirrored, before)
        assert not torch.allclose(net(image), before)
        with flip_kernels(net):
            assert torch.equal(net(image), before)
    assert torch.equal(net(image), before)


def test_mixed_precision_sees_the_flipped_kernels():
    conv, image = nn.Conv2d(3, 4, 3), torch.rand(2, 3, 9, 9)
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        before = conv(image)
        with flip_kernels(conv):
            mirrored = conv(image.flip(-1)).flip(-1)
            assert not torch.allclose(conv(image), before, atol=1e-2)
        torch.testing.assert_close(mirrored, before, atol=2e-2, rtol=0)
        assert torch.equal(conv(image), before)


def test_tied_kernels_flip_once_and_vectors_never():
    conv = nn.Conv2d(2, 2, 3)
    tied = nn.Conv2d(2, 2, 3)
    tied.weight = conv.weight
    net = nn.Sequential(conv, nn.BatchNorm2d(2), tied)
    norm = torch.rand(2)
    net[1].weight.data.copy_(norm)
    wanted = conv.weight.detach().flip(-1)
    with flip_kernels(net):
        assert torch.equal(conv.weight, wanted)
        assert torch.equal(net[1].weight, norm)


def test_a_model_without_kernels_is_refused():
    with pytest.raises(InputError, match='no 2-D convolution'):
        flip_kernels(nn.Linear(3, 3))
