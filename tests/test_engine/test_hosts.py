from importlib.metadata import version

import pytest
from torch import nn

from mmchanpos.engine.hosts import (
    HOSTS,
    PACKAGES,
    Package,
    image_stem,
    tap_of,
    usual_tap,
    versions,
)
from mmchanpos.errors import InputError
from mmchanpos.latent import Tap


class Head(nn.Module):
    def __init__(self, in_index=None):
        super().__init__()
        self.in_index = in_index


def model(**parts):
    net = nn.Module()
    for name, part in {'backbone': nn.Identity(), **parts}.items():
        setattr(net, name, part)
    return net


@pytest.mark.parametrize(
    ('parts', 'path', 'output'),
    [
        ({}, 'backbone', None),
        ({'head': Head()}, 'backbone', None),
        ({'neck': nn.Identity(), 'head': Head()}, 'backbone', None),
        ({'decode_head': Head(0)}, 'backbone', 0),
        ({'decode_head': Head(-1)}, 'backbone', None),
        ({'decode_head': Head([0, 1])}, 'backbone', (0, 1)),
        ({'decode_head': nn.ModuleList([Head(0)])}, 'backbone', 0),
        ({'bbox_head': Head()}, 'backbone', 'all'),
        ({'neck': nn.Identity(), 'rpn_head': Head()}, 'neck', 'all'),
        ({'neck': nn.Identity(), 'decode_head': Head(2)}, 'neck', 2),
    ],
)
def test_the_usual_tap_is_what_the_head_reads(parts, path, output):
    net = model(**parts)
    assert usual_tap(net).path == path
    assert tap_of(usual_tap(net), net) == Tap(path, output)


def test_only_what_the_head_reads_has_its_output():
    net = model(neck=nn.Identity(), decode_head=Head(2))
    assert tap_of('backbone', net) == Tap('backbone')
    assert tap_of('decode_head', net) == Tap('decode_head')
    named = dict(path='neck', output=0, channel_dim=2)
    assert tap_of(named, net) == Tap('neck', 0, 2)
    assert tap_of(Tap('neck', channel_dim=2), net) == Tap('neck', 2, 2)


def test_wrappers_are_looked_through():
    wrapped = nn.Module()
    wrapped.module = model(decode_head=Head(1))
    assert tap_of(usual_tap(wrapped), wrapped) == Tap('backbone', 1)


def test_a_model_without_a_backbone_lists_its_modules():
    with pytest.raises(InputError, match='no backbone to tap.*: 0, 1'):
        usual_tap(nn.Sequential(nn.Identity(), nn.Identity()))


@pytest.mark.parametrize(
    'name',
    [
        'lindau_000003_000019',
        'val/lindau/lindau_000003_000019_leftImg8bit.png',
        'a\\b\\lindau_000003_000019_gtFine_labelTrainIds.PNG',
    ],
)
def test_listed_and_seen_names_of_an_image_are_one(name):
    assert image_stem(name) == 'lindau_000003_000019'


def test_a_fork_is_found_under_its_own_name():
    forked = Package('torch', 'pip install x', ('torch-by-us', 'torch'))
    assert forked.distribution == 'torch'
    # The module's own name is no fork, wherever it stands.
    assert forked.version == versions()['torch'] == version('torch')
    numpy = Package('numpylike', 'pip install x', ('numpylike', 'numpy'))
    assert numpy.version.endswith('(numpy)')
    missing = Package('nonesuch', 'pip install nonesuch')
    assert (missing.distribution, missing.version) == (None, None)


def test_every_host_has_an_extra_and_every_package_an_install_command():
    assert set(HOSTS) == {'mmpretrain', 'mmseg', 'mmdet'}
    assert HOSTS['mmseg'] == 'mmchanpos[seg]'
    for name, package in PACKAGES.items():
        assert package.install.startswith('pip install')
        assert package.needed != (name in (*HOSTS, 'torchvision'))
