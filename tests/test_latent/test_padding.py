from copy import deepcopy

import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent.kernels import flip_kernels
from mmchanpos.latent.padding import PADDING_MODES, set_padding_mode
from tests.crafted import border_contrast

BLIND = ('reflect', 'replicate', 'circular', 'none')


class Block(nn.Module):
    """A residual block laid out as in torchvision and OpenMMLab."""

    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.downsample = None
        if stride > 1 or cin != cout:
            self.downsample = nn.Conv2d(cin, cout, 1, stride, bias=False)

    def forward(self, x):
        out = self.conv2(self.conv1(x).relu())
        return out + (x if self.downsample is None else self.downsample(x))


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 7, 2, 3),
        nn.MaxPool2d(3, 2, 1),
        Block(4, 4),
        Block(4, 6, 2),
        nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=3),
        nn.AvgPool2d(3, 1, 1),
    )


@pytest.mark.parametrize('mode', BLIND)
@pytest.mark.parametrize(
    'layer',
    [
        nn.Conv2d(3, 4, 3, padding=1),
        nn.Conv2d(3, 4, 7, stride=2, padding=3),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=4),
        nn.Conv2d(3, 4, (3, 5), padding=(1, 2), bias=False),
        nn.Conv2d(3, 4, 4, padding='same'),
        nn.AvgPool2d(3, 2, 1),
        nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    ],
    ids=str,
)
def test_a_blind_padding_hides_the_border_of_a_constant_image(layer, mode):
    assert border_contrast(layer) > 1e-2
    with set_padding_mode(layer, mode):
        assert border_contrast(layer) < 1e-5
    assert border_contrast(layer) > 1e-2


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
def test_a_convolution_pads_as_torch_does(mode):
    ours = nn.Conv2d(3, 4, 5, stride=2, padding=(2, 1))
    theirs = nn.Conv2d(3, 4, 5, 2, (2, 1), padding_mode=mode)
    theirs.load_state_dict(ours.state_dict())
    image = torch.rand(2, 3, 9, 12)
    set_padding_mode(ours, mode)
    torch.testing.assert_close(ours(image), theirs(image))
    set_padding_mode(theirs, 'zero')
    ours.__init__(3, 4, 5, stride=2, padding=(2, 1))
    ours.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(ours(image), theirs(image))


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
def test_padding_keeps_the_format_that_a_net_of_few_channels_is_fast_in(mode):
    seen = []
    conv = nn.Conv2d(3, 4, 5, padding=(2, 1))
    set_padding_mode(conv, mode)
    conv.register_forward_pre_hook(lambda layer, inputs: seen.extend(inputs))
    image = torch.rand(2, 3, 9, 12)
    conv(image.to(memory_format=torch.channels_last))
    assert seen[0].shape == (2, 3, 13, 14)
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_partial_convolution_is_a_mean_over_the_inside():
    conv = nn.Conv2d(2, 3, 3, stride=2, padding=1)
    image = torch.rand(1, 2, 6, 7)
    wanted = conv(image).detach().clone()
    for i in range(wanted.shape[2]):
        for j in range(wanted.shape[3]):
            rows = [r for r in range(2 * i - 1, 2 * i + 2) if 0 <= r < 6]
            cols = [c for c in range(2 * j - 1, 2 * j + 2) if 0 <= c < 7]
            ratio = 9 / (len(rows) * len(cols))
            raw = wanted[0, :, i, j] - conv.bias
            wanted[0, :, i, j] = raw * ratio + conv.bias
    with set_padding_mode(conv, 'partial'):
        torch.testing.assert_close(conv(image), wanted)


@pytest.mark.parametrize('mode', ['zero', 'partial'])
def test_a_maximum_never_sees_the_padding(mode):
    image = -torch.rand(1, 3, 7, 7)
    pool = nn.MaxPool2d(3, 2, 1)
    wanted = pool(image)
    with set_padding_mode(pool, mode):
        torch.testing.assert_close(pool(image), wanted)


def test_partial_pooling_and_box_filters_are_blind_too():
    box = nn.Conv2d(1, 1, 5, padding=2)
    nn.init.constant_(box.weight, 0.3)
    for layer in (box, nn.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1, True)):
        assert border_contrast(layer) > 1e-2
        with set_padding_mode(layer, 'partial'):
            assert border_contrast(layer) < 1e-5


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('size', [20, 21])
def test_no_padding_keeps_a_shortcut_in_register(stride, size):
    block = Block(3, 3, stride)
    deltas = torch.zeros(3, 3, 3, 3)
    deltas[range(3), range(3), 1, 1] = 1
    for conv in (block.conv1, block.conv2):
        conv.weight.data.copy_(deltas)
    if stride > 1:
        block.downsample.weight.data.copy_(torch.eye(3)[..., None, None])
    image = torch.rand(1, 3, size, size + 3)
    with set_padding_mode(block, 'none'):
        out = block(image)
    # Every convolution passes on the middle of its window, so a shortcut in
    # register doubles the image.
    margin = 1 + stride
    inside = image[..., margin:-margin, margin:-margin]
    torch.testing.assert_close(out, 2 * inside[..., ::stride, ::stride])


def test_edits_nest_and_leave_no_trace():
    net, image = small_net(), torch.rand(2, 3, 128, 160)
    keys, before = list(net.state_dict()), net(image)
    with set_padding_mode(net, 'none'):
        valid = net(image)
        with set_padding_mode(net, 'reflect'):
            reflected = net(image)
            with set_padding_mode(net, 'zero'):
                torch.testing.assert_close(net(image), before)
            assert torch.equal(net(image), reflected)
            assert list(net.state_dict()) == keys
        assert torch.equal(net(image), valid)
    assert torch.equal(net(image), before)
    for module in net.modules():
        assert not module._forward_pre_hooks
        assert not module._forward_hooks
        assert not hasattr(module, '_edge')


def test_an_edit_stays_until_undone_and_is_copied_along():
    net, image = small_net(), torch.rand(1, 3, 64, 64)
    before = net(image)
    edit = set_padding_mode(net, 'circular')
    copy = deepcopy(net)
    circular = net(image)
    edit.close()
    edit.close()
    assert torch.equal(net(image), before)
    assert torch.equal(copy(image), circular)
    assert not torch.allclose(before, circular)


def test_an_error_in_between_restores_the_model():
    net, image = small_net(), torch.rand(1, 3, 64, 64)
    before = net(image)
    edits = set_padding_mode(net, 'reflect'), flip_kernels(net)
    with pytest.raises(KeyError), edits[0], edits[1]:
        raise KeyError
    assert torch.equal(net(image), before)


@pytest.mark.parametrize(
    ('mode', 'size', 'named'),
    [('reflect', 1, '1x1'), ('none', 2, '3x3'), ('circular', 1, '2x2')],
)
def test_an_impossible_padding_names_the_layer(mode, size, named):
    net = nn.Sequential(nn.Identity(), nn.Conv2d(3, 3, 3, 1, 1))
    if mode == 'circular':
        net[1] = nn.Conv2d(3, 3, 5, 1, 2)
    set_padding_mode(net, mode)
    with pytest.raises(InputError, match=f'"{mode}".*"1".*{named}'):
        net(torch.rand(1, 3, size, size))


def test_wrong_modes_and_paddingless_models_are_refused():
    with pytest.raises(InputError, match='"reflect"'):
        set_padding_mode(small_net(), 'reflection')
    with pytest.raises(InputError, match='would change nothing'):
        set_padding_mode(nn.Conv2d(3, 3, 3), 'reflect')


@pytest.mark.parametrize('mode', PADDING_MODES)
def test_gradients_reach_every_weight(mode):
    net = small_net()
    set_padding_mode(net, mode)
    net(torch.rand(2, 3, 128, 128)).square().mean().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())
