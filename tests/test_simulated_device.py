"""No tensor of ours is left behind on the CPU: a mix of devices raises."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmchanpos.engine.loops import ShiftConsistencyLoop
from mmchanpos.evaluation.areas import RegionAreas, named_boxes, on_cpu
from mmchanpos.latent import (
    Ablation,
    ChannelRanking,
    DeltaCollector,
    Tap,
    ablate,
)
from mmchanpos.latent.on_device import index_on
from mmchanpos.latent.replay import LatentReplay
from mmchanpos.latent.tap_record import TapRecord
from mmchanpos.models.losses import AugShiftLoss
from mmchanpos.models.necks import PermuteChannel
from mmchanpos.registry import METRICS
from mmchanpos.shift import ShiftProtocol, ShiftRecord, shift_images
from tests.simulated_device import Far, far, near, simulated


@pytest.fixture(autouse=True)
def fresh():
    index_on.cache_clear()
    yield
    index_on.cache_clear()


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 4, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 2),
    ).eval()


def test_a_mix_of_devices_raises_and_a_transfer_is_counted():
    with simulated() as log, torch.no_grad():
        x = far(torch.ones(3))
        assert x.device == torch.zeros(2, device=x.device).device
        with pytest.raises(RuntimeError, match='two devices'):
            x + torch.ones(3)
        with pytest.raises(RuntimeError, match='two devices'):
            net()(far(torch.ones(1, 3, 4, 4)))
        log.clear()
        assert x.sum().item() == 3
        assert type(x.cpu()) is torch.Tensor
        assert log == ['aten._local_scalar_dense.default', 'copy']


RANKING = ChannelRanking('overall', range(8), means=[0.1] * 8)


@pytest.mark.parametrize('value', ['zero', 'mean', 'shuffle', 'resample'])
def test_ablations_and_their_replay(value):
    image, model = torch.rand(2, 3, 8, 8), net()
    plan = [Ablation(RANKING, top=n, value=value) for n in (1, 3, 5)]

    def run(model, image):
        replay = LatentReplay(model, '1')
        rows = [replay.record(lambda: model(image))]
        for ablation in plan:
            rows.append(replay.run(lambda: model(image), ablation))
            with ablate(model, '1', ablation):
                rows.append(model(image))
        return rows

    with torch.no_grad():
        wanted = run(model, image)
    with simulated() as log, torch.no_grad():
        model, image = far(net()), far(image)
        found = run(model, image)
        torch.testing.assert_close(near(found), wanted, rtol=1e-4, atol=1e-6)
        assert all(type(row) is Far for row in found)
        # Every list of channels was sent to the device before.
        if value == 'zero':
            log.clear()
            run(model, image)
            assert log == []


def test_areas_stay_on_the_device_and_nothing_waits_for_them():
    generator = torch.Generator().manual_seed(0)
    truth, found = torch.randint(0, 5, (2, 9, 14), generator=generator)
    boxes = named_boxes(['overall', 'left', 'center'])
    wanted = RegionAreas(truth, boxes, 4, ignore_index=3).of(found)
    with simulated() as log:
        areas = RegionAreas(far(truth), boxes, 4, ignore_index=3)
        log.clear()
        counts = areas.of(far(found))
        assert set(log) <= {'made'}
        assert torch.equal(near(counts), wanted)


def test_counts_of_all_zones_come_back_in_one_copy():
    pytest.importorskip('mmseg')
    metric = METRICS.build(
        dict(
            type='mmchanpos.ZoneMetric',
            metric=dict(type='mmchanpos.RegionIoUMetric'),
        )
    )
    metric.dataset_meta = dict(classes=range(3))
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 3, (4, 2, 1, 9, 14), generator=generator)

    def process(images):
        metric.results = []
        for truth, found in images:
            sample = dict(
                gt_sem_seg=dict(data=truth), pred_sem_seg=dict(data=found)
            )
            metric.process({}, [sample])
        return metric.results

    wanted = process(images)
    with simulated() as log:
        results = process([(far(t), far(f)) for t, f in images])
        log.clear()
        found = on_cpu(results)
        assert log.count('copy') == 1
    # The whole and five rings of each image.
    assert [len(counts) for counts in found] == [6] * 4
    for one, other in zip(wanted, found):
        assert all(map(torch.equal, one, other))
        # As other processes get them: not each with the memory of all.
        assert all(x.untyped_storage().nbytes() == x.nbytes for x in other)


def both(call, *inputs):
    """What a call gives on the CPU, and on the simulated device."""
    with torch.no_grad():
        wanted = call(*inputs)
    with simulated(), torch.no_grad():
        found = call(*far(inputs))
        assert type(found) is Far
        torch.testing.assert_close(near(found), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize('mode', ['circular', 'zero'])
def test_shifts(mode):
    shifts = torch.tensor([[1, -2], [0, 3]])
    both(
        lambda images: shift_images(images, shifts, mode),
        torch.rand(2, 3, 8, 8),
    )


@pytest.mark.parametrize('distance', ['mse', 'cosine', 'relative'])
def test_the_loss_of_augshift(distance):
    loss = AugShiftLoss(distance=distance)
    both(lambda *views: loss(views), *torch.rand(2, 4, 8))


def test_rows_of_maps_without_a_middle():
    def rows(maps):
        record = TapRecord(Tap('0'))
        record.plain(record.add('plain', maps), [], [])
        return record.rows['border']

    both(rows, torch.rand(2, 3, 2, 2))


@pytest.mark.parametrize('mode', ['per_forward', 'fixed'])
def test_a_neck_that_permutes(mode):
    def call(x):
        return PermuteChannel(mode, seed=1)([x])[0]

    both(call, torch.rand(2, 6, 3, 3))


def test_deltas_are_those_of_the_cpu():
    images = torch.rand(3, 3, 8, 8)

    def deltas(model, images):
        collector = DeltaCollector(model, ['1'], maps=False)
        collector.add(
            lambda change: model(change(images) if change else images),
            [0, 1, 2],
        )
        return collector.deltas()[0].difference()

    wanted = deltas(net(), images)
    with simulated(), torch.no_grad():
        found = deltas(far(net()), far(images))
    assert abs(found - wanted).max() <= 1e-5 * abs(wanted).max()


class Classifier(nn.Module):
    """As far as a loop knows one of mmpretrain."""

    def __init__(self):
        super().__init__()
        self.backbone, self.head = net()[:3], net()[3:]

    def data_preprocessor(self, data, training):
        there = type(self.backbone[0].weight) is Far
        return {**data, 'inputs': (far if there else near)(data['inputs'])}

    def forward(self, images, samples, mode):
        logits = self.head(self.backbone(images))
        if mode == 'tensor':
            return logits
        return [SimpleNamespace(pred_score=x.softmax(0)) for x in logits]


@pytest.mark.parametrize('mode', ['circular', 'zero'])
def test_the_loop_that_shifts_images(mode):
    labels = [dict(sample_idx=i, gt_label=i % 2) for i in range(3)]
    batch = dict(inputs=torch.rand(3, 3, 8, 8), data_samples=labels)

    def states(model):
        loop = ShiftConsistencyLoop.__new__(ShiftConsistencyLoop)
        loop._runner = SimpleNamespace(model=model)
        loop.tap, loop.fp16 = Tap('backbone'), False
        loop.evaluator = SimpleNamespace(process=lambda **_: None)
        test = ShiftProtocol(mode=mode, max_shift=1, exhaustive=True)
        record = ShiftRecord(test)
        loop.run_iter(batch, {'test': record})
        return record.report()

    wanted = states(Classifier())
    with simulated():
        found = states(far(Classifier()))
    for name in ('top1_shifted', 'consistency', 'latent_mse', 'mean_change'):
        assert found[name] == pytest.approx(wanted[name], rel=1e-4)
