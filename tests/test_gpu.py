"""All that needs a GPU; it is skipped where there is none.

On a machine that has one::

    tools/run_tests.sh tests/test_gpu.py
"""

import pytest
import torch
from torch import nn

from mmchanpos.evaluation.areas import RegionAreas, named_boxes, on_cpu
from mmchanpos.evaluation.position_map_scores import RankCorrelation
from mmchanpos.latent import Ablation, ChannelRanking
from mmchanpos.latent.importance import optimal_constants
from mmchanpos.latent.replay import LatentReplay, repeated
from mmchanpos.models.losses import AugShiftLoss
from mmchanpos.registry import METRICS
from mmchanpos.shift import shift_images

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


def test_optimal_constants():
    torch.manual_seed(0)
    latents = [torch.rand(2, 3, 4, 4) + 1 for _ in range(3)]

    def loss(z):
        pooled = z.mean((2, 3))
        return (pooled[:, 0] - 2) ** 2 + pooled[:, 1]

    for channels in ([0], [0, 2]):
        wanted, found = (
            optimal_constants([(z, loss) for z in kept], channels)
            for kept in (latents, [z.cuda() for z in latents])
        )
        assert found == pytest.approx(wanted, rel=1e-3, abs=1e-3)


def test_zones_count_there_and_are_scored_here():
    pytest.importorskip('mmseg')
    torch.manual_seed(0)
    metric = METRICS.build(
        dict(
            type='mmchanpos.ZoneMetric',
            metric=dict(type='mmchanpos.RegionIoUMetric'),
        )
    )
    metric.dataset_meta = dict(classes=range(3))
    truth, found = torch.randint(0, 3, (2, 1, 40, 60))
    values = []
    for move in (torch.Tensor.cpu, torch.Tensor.cuda):
        sample = dict(
            gt_sem_seg=dict(data=move(truth)),
            pred_sem_seg=dict(data=move(found)),
        )
        metric.process({}, [sample])
        values.append(metric.per_image(on_cpu(metric.results)))
        scores = metric.evaluate(1)
        values.append(scores['mIoU'])
    assert (values[0] == values[2]).all()
    assert values[1] == values[3]


def test_a_step_of_augshift():
    pytest.importorskip('mmpretrain')
    torch.manual_seed(0)
    loss = AugShiftLoss()
    images = torch.rand(4, 3, 16, 16)
    shifts = torch.tensor([[1, -2], [0, 3], [-4, 0], [2, 2]])
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()).double()

    def run(net, images, shifts):
        moved = shift_images(images, shifts, 'zero')
        return loss([net(x).mean((2, 3)) for x in (images, moved)])

    wanted = run(net, images.double(), shifts)
    found = run(net.cuda(), images.double().cuda(), shifts)
    assert found.is_cuda
    assert float(found) == pytest.approx(float(wanted), rel=1e-6)
