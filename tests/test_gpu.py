"""All that needs a GPU; it is skipped where there is none.

On a machine that has one::

    tools/run_tests.sh tests/test_gpu.py
"""

import pytest
import torch
from torch import nn

from mmchanpos.evaluation.areas import RegionAreas, named_boxes
from mmchanpos.evaluation.position_map_scores import RankCorrelation
from mmchanpos.latent import Ablation, ChannelRanking
from mmchanpos.latent.replay import LatentReplay, repeated

pytestmark = pytest.mark.gpu


def test_rank_correlation():
    torch.manual_seed(0)
    truth = torch.rand(30, 41)
    maps = torch.rand(4, 30, 41)
    maps[1] = maps[1].round(decimals=1)  # ties
    spc = RankCorrelation(truth)
    assert torch.allclose(spc(maps.cuda()).cpu(), spc(maps), atol=1e-9)


def test_areas():
    torch.manual_seed(0)
    truth, found = torch.randint(0, 6, (2, 64, 99))
    boxes = named_boxes(['overall', 'left', 'center'])
    wanted = RegionAreas(truth, boxes, 5).of(found)
    counts = RegionAreas(truth.cuda(), boxes, 5).of(found.cuda())
    assert counts.is_cuda
    assert torch.equal(counts.cpu(), wanted)


@pytest.mark.parametrize('tf32', [False, True])
def test_replay_equals_separate_runs(tf32, monkeypatch):
    # With TF32 each convolution rounds to 10 bits: a part in 1,000 of the
    # largest term. What is claimed of replay is claimed of single precision.
    monkeypatch.setattr(torch.backends.cudnn, 'allow_tf32', tf32)
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 8, 3, padding=1),
    )
    net, image = net.cuda().eval(), torch.rand(2, 3, 32, 32).cuda()
    ranking = ChannelRanking('overall', range(64))
    replay = LatentReplay(net, '1')
    whole = replay.record(lambda: net(image))
    bound = (2e-3 if tf32 else 1e-5) * whole.abs().max()
    for top in (5, 20, 60):
        found = replay.run(lambda: net(image), Ablation(ranking, top=top))
        latent = net[1](net[0](image))
        latent[:, :top] = 0
        assert (found - net[2](latent)).abs().max() <= bound


def test_the_kernel_counts_what_torch_does():
    pytest.importorskip('triton')
    torch.manual_seed(0)
    logits = torch.randn(8, 19, 64, 128)
    truth = torch.randint(0, 19, (512, 1024))
    boxes = named_boxes(['overall', 'left', 'center'])
    wanted = RegionAreas(truth, boxes, 19).of_logits(logits, False)
    found = RegionAreas(truth.cuda(), boxes, 19).of_logits(
        logits.cuda(), False
    )
    moved = (found.cpu() - wanted).abs().sum()
    assert moved <= 1e-4 * wanted.sum()


def test_ablations_that_share_a_run():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(64, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 4, 1),
    )
    net, image = net.cuda().eval(), torch.rand(1, 3, 32, 32).cuda()
    ranking = ChannelRanking('overall', range(64))
    plan = [Ablation(ranking, top=top) for top in (5, 20, 60)]
    replay = LatentReplay(net, '1')
    whole = replay.record(lambda: net(image))
    batch = repeated(image, len(plan))
    found = replay.run_together(lambda: net(batch), plan)
    for one, ablation in zip(found, plan):
        wanted = replay.run(lambda: net(image), ablation)[0]
        assert (one - wanted).abs().max() <= 2e-3 * whole.abs().max()
