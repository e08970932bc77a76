import copy

import pytest
import torch
from mmcv.ops import RoIAlign
from mmengine.runner import load_checkpoint
from torch import nn

from mmchanpos.engine.launch import build_runner
from mmchanpos.engine.memory_format import PickedConv2d, suit_memory_format
from mmchanpos.testing.toys import TOYS, toy_config


class Own(nn.Conv2d):
    """Of which nobody knows what it does with its input."""


def net(width=8, extra=None, conv=nn.Conv2d, padding=0):
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        conv(width, 2 * width, 1, stride=2, padding=padding),
        nn.ReLU(),
        extra or nn.AdaptiveAvgPool2d(1),
    )


def moved(model):
    return all(
        conv.weight.is_contiguous(memory_format=torch.channels_last)
        for conv in model.modules()
        if isinstance(conv, nn.Conv2d) and conv.kernel_size != (1, 1)
    )


@pytest.mark.parametrize('width', [4, 8, 12, 16])
def test_values_and_gradients_are_those_of_the_other_format(width):
    plain = net(width)
    last = copy.deepcopy(plain)
    assert suit_memory_format(last)
    assert suit_memory_format(last)
    assert [moved(plain), moved(last)] == [False, True]
    # oneDNN writes beyond its buffers below 16 channels, on some machines.
    assert isinstance(last[3], PickedConv2d) == (width < 16)
    assert last[3].stride == plain[3].stride
    images = torch.randn(4, 3, 17, 16)
    outs = [model(images) for model in (plain, last)]
    for out in outs:
        out.square().sum().backward()
    # Sums of up to 1,000 terms in another order: 1e-5 of the largest.
    pairs = [
        (p.grad, q.grad) for p, q in zip(plain.parameters(), last.parameters())
    ]
    for one, other in [tuple(outs), *pairs]:
        bound = 1e-5 * one.abs().max().item()
        torch.testing.assert_close(one, other, rtol=0, atol=bound)


@pytest.mark.parametrize('width', [68, 144])
def test_a_wide_net_stays_unless_its_images_are_moved(width):
    wide = net(width)
    assert not suit_memory_format(wide)
    assert not moved(wide)
    wide.data_preprocessor = nn.Module()
    wide.data_preprocessor.channels_last = True
    assert suit_memory_format(wide)
    assert moved(wide)


@pytest.mark.parametrize(
    'model',
    [net(conv=Own), net(padding=1), net(extra=RoIAlign(2)), nn.Linear(3, 3)],
    ids=['own layer', 'padded layer', 'operator of mmcv', 'no convolution'],
)
def test_what_cannot_bear_the_format_stays(model):
    assert not suit_memory_format(model)


@pytest.mark.skipif(
    torch.cuda.is_available(), reason='by itself a run does so on a CPU alone'
)
def test_a_run_says_so_and_a_checkpoint_keeps_it(tmp_path):
    cfg = toy_config(TOYS[0], work_dir=tmp_path)
    cfg.model.backbone.update(stem_channels=8, base_channels=8)
    cfg.model.head.in_channels = 64
    runner = build_runner(cfg)
    assert moved(runner.model)
    torch.save(runner.model.state_dict(), tmp_path / 'weights.pth')
    load_checkpoint(runner.model, str(tmp_path / 'weights.pth'))
    assert moved(runner.model)
    said = next(tmp_path.rglob('*.log')).read_text()
    assert 'weights in channels_last' in said
