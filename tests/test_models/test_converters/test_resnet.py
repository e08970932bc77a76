"""Published ResNets, by the names of their own files, as our configs."""

import pytest
import torch
import torchvision
from torch import nn

pytest.importorskip('mmpretrain')
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

from mmchanpos.engine.config import load_config
from mmchanpos.errors import InputError
from mmchanpos.experiments import Setting, load
from mmchanpos.models.converters.resnet import convert_resnet
from tests.conftest import ROOT, tool

#: Some names of resnet18_lpf2-6e2ee76f.pth and resnet50_lpf2-f0f7589d.pth.
REAL = {
    'BasicBlock': (
        'maxpool.1.filt', 'layer1.0.conv2.weight', 'layer2.0.conv2.0.filt',
        'layer2.0.conv2.1.weight', 'layer2.0.downsample.0.filt',
        'layer2.0.downsample.1.weight', 'layer4.0.downsample.2.running_var',
    ),
    'Bottleneck': (
        'layer1.0.downsample.0.weight', 'layer1.0.downsample.1.bias',
        'layer2.0.conv2.weight', 'layer2.0.conv3.0.filt',
        'layer2.0.conv3.1.weight', 'layer3.0.downsample.1.weight',
    ),
}  # fmt: skip


class Blur(nn.Module):
    """Two taps in each direction behind a reflected border, every second."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer('filt', torch.full((channels, 1, 2, 2), 0.25))

    def forward(self, x):
        x = nn.functional.pad(x, (0, 1, 0, 1), mode='reflect')
        return nn.functional.conv2d(x, self.filt, None, 2, groups=x.shape[1])


def published(net):
    """An anti-aliased net as published, made of torchvision's plain one."""
    net.maxpool = nn.Sequential(nn.MaxPool2d(2, 1), Blur(64))
    for stage in (net.layer2, net.layer3, net.layer4):
        block = stage[0]
        last = 'conv3' if hasattr(block, 'conv3') else 'conv2'
        strided = block.conv2 if last == 'conv3' else block.conv1
        strided.stride = (1, 1)
        conv, (short, norm) = getattr(block, last), block.downsample
        blurred = nn.Sequential(Blur(conv.in_channels), conv)
        setattr(block, last, blurred)
        short.stride = (1, 1)
        block.downsample = nn.Sequential(Blur(short.in_channels), short, norm)
    return net


def alive(net):
    """Norms with numbers of their own, so that none passes for another."""
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for part in (module.weight, module.bias, module.running_mean):
                part.data.normal_(1, 0.1, generator=generator)
    return net.eval()


def ours(name):
    cfg = load_config(str(ROOT / f'configs/augshift/{name}_imagenet.py'))
    init_default_scope('mmpretrain')
    return MODELS.build(cfg.model).eval()


@pytest.mark.parametrize(
    ('depth', 'block'), [(18, 'BasicBlock'), (50, 'Bottleneck')]
)
@pytest.mark.parametrize('kind', ['baseline', 'blurpool'])
def test_our_net_answers_as_the_published_one(depth, block, kind):
    theirs = getattr(torchvision.models, f'resnet{depth}')()
    if kind == 'blurpool':
        theirs = published(theirs)
        assert set(REAL[block]) <= set(theirs.state_dict())
    alive(theirs)
    model = ours(f'resnet{depth}_{kind}')
    weights = convert_resnet({'state_dict': theirs.state_dict()})
    model.load_state_dict(weights)
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        wanted, found = theirs(image), model(image)
    scale = wanted.abs().max()
    # Sums of hundreds of terms in another order.
    assert float((found - wanted).abs().max() / scale) < 1e-4


def test_the_tool_writes_what_table_2_takes(tmp_path):
    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / 'in.pth')
    out = tmp_path / 'out.pth'
    done = tool(
        'model_converters/resnet2mmpretrain.py', tmp_path / 'in.pth', out
    )
    assert done.returncode == 0, done.stderr
    assert out.name in done.stdout
    given = {'imagenet-baseline': [str(out)]}
    setting = Setting(checkpoints=given, work_dir=tmp_path)
    assert 'imagenet-baseline' in load('table2').roles(setting)
    ours('resnet18_baseline').load_state_dict(torch.load(out)['state_dict'])


@pytest.mark.parametrize(
    ('weights', 'said'),
    [
        ({'features.0.weight': torch.zeros(1)}, 'features.0.weight was found'),
        ([], 'no tensor was found'),
    ],
)
def test_another_net_is_refused(weights, said):
    with pytest.raises(InputError, match=said):
        convert_resnet(weights, 'vgg.pth')


def test_a_blurred_stem_is_refused():
    weights = published(torchvision.models.resnet18()).state_dict()
    weights['maxpool.0.filt'] = weights.pop('maxpool.1.filt')
    with pytest.raises(InputError, match='behind the max pool'):
        convert_resnet(weights)
