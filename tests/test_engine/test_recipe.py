"""The total batch is met, and a step is the step of the whole batch."""

import copy

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmchanpos.engine.config import load_config
from mmchanpos.engine.recipe import reach_batch
from tests.conftest import ROOT
from tests.test_configs import LEAVES

CONFIGS = ROOT / 'configs'


def config(total=32, fits=8, **changes):
    changes.setdefault(
        'train_cfg', dict(by_epoch=False, max_iters=100, val_interval=50)
    )
    return Config(
        dict(
            auto_scale_lr=dict(base_batch_size=total),
            train_dataloader=dict(batch_size=fits),
            param_scheduler=[
                dict(type='LinearLR', end=10, by_epoch=False),
                dict(type='MultiStepLR', milestones=[40], by_epoch=False),
                dict(type='CosineAnnealingLR', T_max=5, by_epoch=True),
            ],
            default_hooks=dict(checkpoint=dict(by_epoch=False, interval=20)),
            custom_hooks=[dict(type='EMAHook', momentum=0.1)],
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.4)),
            **changes,
        )
    )


@pytest.mark.parametrize('processes', [1, 2, 4, 8, 16, 32])
def test_the_total_is_met_within_what_fits(processes):
    cfg = config()
    line = reach_batch(cfg, processes)
    images = cfg.train_dataloader.batch_size
    passes = cfg.optim_wrapper.get('accumulative_counts', 1)
    assert images * passes * processes == 32
    assert images <= 8
    assert cfg.optim_wrapper.optimizer.lr == 0.4
    assert line.startswith('total batch 32: ')


def test_a_batch_that_was_enlarged_in_vain_is_said():
    cfg = config(total=8, fits=32)
    line = reach_batch(cfg)
    assert cfg.train_dataloader.batch_size == 8
    assert 'base_batch_size says' in line
    assert line.endswith('train_dataloader.batch_size is 32')
    # Among several, each gets a share by right.
    assert 'base_batch_size' not in reach_batch(config(total=8, fits=8), 4)


def test_iterations_are_counted_anew_where_a_step_takes_several():
    cfg = config()
    reach_batch(cfg)
    assert cfg.train_cfg == dict(
        by_epoch=False, max_iters=400, val_interval=200
    )
    warm, steps, cosine = cfg.param_scheduler
    assert (warm.end, steps.milestones, cosine.T_max) == (40, [160], 5)
    assert cfg.default_hooks.checkpoint.interval == 80
    assert cfg.custom_hooks[0].interval == 4


def test_intervals_that_change_on_the_way_are_counted_anew_too():
    cfg = config(train_cfg=dict(
        by_epoch=False, max_iters=100, val_interval=30,
        dynamic_intervals=[(91, 100)],
    ))  # fmt: skip
    cfg.default_hooks.checkpoint.save_begin = 50
    cfg.custom_hooks[0].begin_iter = 10
    reach_batch(cfg)
    # As of Mask2Former in mmdet, which wants pairs.
    assert cfg.train_cfg.dynamic_intervals == [(364, 400)]
    assert cfg.default_hooks.checkpoint.save_begin == 200
    assert cfg.custom_hooks[0].begin_iter == 40


@pytest.mark.parametrize(('processes', 'total'), [(3, 30), (64, 64)])
def test_what_cannot_be_met_scales_the_rate(processes, total):
    cfg = config()
    assert 'learning rate' in reach_batch(cfg, processes)
    rate = cfg.optim_wrapper.optimizer.lr
    assert rate == pytest.approx(0.4 * total / 32)


@pytest.mark.parametrize(
    'change',
    [
        dict(auto_scale_lr=None),
        dict(auto_scale_lr=dict(enable=True)),
        dict(optim_wrapper=dict(accumulative_counts=2)),
    ],
)
def test_another_way_that_was_chosen_is_left_alone(change):
    cfg = config()
    cfg.merge_from_dict(change)
    before = copy.deepcopy(cfg)
    assert reach_batch(cfg) is None
    assert cfg.to_dict() == before.to_dict()


def test_passes_give_the_step_of_the_whole_batch():
    images, targets = torch.randn(32, 5), torch.randn(32, 1)
    after = []
    for fits in (32, 8):
        cfg = config(fits=fits)
        reach_batch(cfg)
        torch.manual_seed(0)
        net = nn.Linear(5, 1)
        optimizer = build_optim_wrapper(net, cfg.optim_wrapper)
        optimizer.initialize_count_status(net, 0, 32 // fits)
        size = cfg.train_dataloader.batch_size
        for part in torch.arange(32).split(size):
            error = net(images[part]) - targets[part]
            optimizer.update_params(error.square().mean())
        after.append(net.weight.detach())
    # Sums of 32 numbers in another order.
    torch.testing.assert_close(*after, rtol=1e-5, atol=1e-6)


#: As published, or as our own small nets were tuned.
TOTALS = {
    'augshift/resnet18_cifar10.py': 128,
    'augshift/resnet18_fast_cifar10.py': 512,
    'augshift/resnet50_augshift-aps_imagenet.py': 256,
    'attack/deeplabv3_r50-os16_cityscapes.py': 16,
    'attack/deeplabv3_r50-d8_cityscapes.py': 8,
    'pedestrians/csp_r50_citypersons.py': 32,
    'pedestrians/faster-rcnn_hrnetv2p-w32_citypersons.py': 16,
    'pedestrians/cascade-rcnn_hrnetv2p-w32_citypersons.py': 16,
    'gapnet/gapnet_resnet18_location-3x3_cifar10.py': 48,
    'posenet/vgg16_duts.py': 32,
}


@pytest.mark.parametrize('leaf', LEAVES, ids=str)
def test_every_training_says_its_total_and_one_process_reaches_it(leaf):
    cfg = load_config(str(CONFIGS / leaf), check=False)
    if leaf.parts[0] == 'rank' or 'train_dataloader' not in cfg:
        return
    total = cfg.auto_scale_lr.base_batch_size
    assert total == TOTALS.get(str(leaf), total)
    assert f'total batch {total}: 1 process' in reach_batch(cfg)
