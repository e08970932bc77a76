"""Layers of any model, and what they know of places without a scene."""

import torch
from torch import nn

from mmchanpos.latent.fingerprint import fingerprint, pictures
from mmchanpos.latent.layers import MOST, find_layers
from mmchanpos.latent.padding import set_padding_mode


class Tokens(nn.Module):
    """Patches with a class token, ten blocks, and windows on the way."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, stride=4)
        self.place = nn.Parameter(torch.zeros(1, 17, 8))
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(10))
        self.window = nn.Linear(8, 8)

    def forward(self, image):
        tokens = self.patches(image).flatten(2).mT
        tokens = torch.cat([0 * tokens[:, :1], tokens], 1) + self.place
        for layer in self.layers:
            tokens = tokens + layer(tokens)
        self.window(tokens[:, 1:].reshape(-1, 4, 8))
        return tokens


def convolutions():
    torch.manual_seed(0)
    layers = []
    for width in (3, 8, 8):
        layers += [nn.Conv2d(width, 8, 3, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers).eval()


def test_stages_end_where_maps_change_and_long_rows_are_thinned():
    net = convolutions()
    layers = find_layers(net, lambda: net(torch.rand(1, 3, 32, 32)))
    assert [str(layer.tap) for layer in layers] == ['1', '3', '5']
    assert [layer.size for layer in layers] == [(16, 16), (8, 8), (4, 4)]
    net = Tokens().eval()
    layers = find_layers(net, lambda: net(torch.rand(1, 3, 16, 16)))
    names = [str(layer.tap) for layer in layers]
    assert names == [f'layers.{i}' for i in (1, 4, 7, 9)]
    assert all(layer.tap.channel_dim == 2 for layer in layers)
    deep = nn.Sequential(*[nn.Conv2d(3, 3, 3) for _ in range(20)])
    layers = find_layers(deep, lambda: deep(torch.rand(1, 3, 64, 64)))
    assert MOST / 2 < len(layers) <= MOST
    assert str(layers[-1].tap) == '19'


def test_padding_tells_places_and_circular_padding_does_not():
    net, images = convolutions(), pictures((32, 32), 16)
    layers = find_layers(net, lambda: net(torch.rand(1, 3, 32, 32)))
    padded = fingerprint(net, layers, images, net)
    with set_padding_mode(net, 'circular'):
        circular = fingerprint(net, layers, images, net)
        brief = fingerprint(net, layers, images, net, maps=False)
    last, blind = padded[-1], circular[-1]
    assert max(last['read'].values()) > 0.15
    assert max(blind['read'].values()) < 0.05
    assert last['mean']['anova'] > 5 * blind['mean']['anova']
    assert last['mean']['relocation'] > 0.1
    # Whole strides: a circular net gives the same map elsewhere.
    assert blind['mean']['relocation'] < 1e-6
    assert len(last['top']) == 6
    assert last['top'][0]['map'].shape == (4, 4)
    # Without maps nothing is moved, and all else is the same.
    assert 'top' not in brief[-1]
    assert 'relocation' not in brief[-1]['mean']
    assert brief[-1]['read'] == blind['read']


def test_tokens_that_are_told_their_place_know_it():
    torch.manual_seed(0)
    net, images = Tokens().eval(), pictures((16, 16), 16)
    layers = find_layers(net, lambda: net(torch.rand(1, 3, 16, 16)))
    blind = fingerprint(net, layers, images, net)[-1]
    x = torch.linspace(-1, 1, 4).expand(4, 4).flatten()
    net.place.data[0, 1:, 3] = 10 * x
    found = fingerprint(net, layers, images, net)[-1]
    assert found['read']['x'] > 0.9 > 0.3 > blind['read']['x']
    assert found['read']['y'] < 0.3


def test_the_same_images_give_the_same_numbers():
    net, images = convolutions(), pictures((16, 16), 8)
    layers = find_layers(net, lambda: net(torch.rand(1, 3, 16, 16)))
    one, two = (
        fingerprint(net, layers, images, net, maps=False) for _ in range(2)
    )
    assert one[0]['read'] == two[0]['read']
    assert one[0]['mean'] == two[0]['mean']
