"""Reflected borders, with gradients that do not hang on chance."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmchanpos import reflection
from mmchanpos.latent.padding import set_padding_mode
from mmchanpos.reflection import pad_reflected
from mmchanpos.shift import BlurPool


@pytest.fixture
def repeatable():
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.fixture
def no_reflection_of_torch(monkeypatch):
    """As a GPU refuses its gradients when it has to be repeatable."""

    def pad(x, sides, mode='constant', value=None):
        if mode == 'reflect':
            raise RuntimeError('reflection_pad2d_backward_cuda')
        return torch._C._nn.pad(x, sides, mode, value)

    monkeypatch.setattr(reflection.F, 'pad', pad)


@pytest.mark.parametrize('sides', [(1, 1, 1, 1), (4, 0, 2, 3), (0, 3, 0, 0)])
def test_it_is_what_torch_does(sides, repeatable):
    maps = torch.rand(2, 3, 5, 6, requires_grad=True)
    other = maps.detach().clone().requires_grad_()
    found, wanted = pad_reflected(maps, sides), F.pad(other, sides, 'reflect')
    assert torch.equal(found, wanted)
    weights = torch.rand_like(found)
    (found * weights).sum().backward()
    (wanted * weights).sum().backward()
    torch.testing.assert_close(maps.grad, other.grad)


def test_a_map_may_be_smaller_than_what_is_added():
    line = torch.arange(3.0).view(1, 1, 3)
    found = pad_reflected(line, (4, 3, 0, 0)).flatten().tolist()
    assert found == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1]


def test_layers_of_ours_can_be_repeatable(repeatable, no_reflection_of_torch):
    images = torch.rand(1, 2, 8, 8)
    assert BlurPool(3)(images).shape == (1, 2, 4, 4)
    conv = nn.Conv2d(2, 2, 3, padding=1)
    with set_padding_mode(conv, 'reflect'):
        assert conv(images).shape == images.shape
