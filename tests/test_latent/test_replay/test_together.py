"""Several ablations of one image in one run of the head."""

import pytest
import torch
from torch import nn

from mmchanpos.latent import Ablation
from mmchanpos.latent.erasers import erase
from mmchanpos.latent.moments import Moments
from mmchanpos.latent.replay import LatentReplay, repeated
from mmchanpos.latent.replay.linear import GrowingOutput
from mmchanpos.latent.replay.repeated import once, same_memory
from tests.simulated_device import far, simulated
from tests.test_latent.test_replay.test_replay import (
    RANKING,
    WIDE,
    WIDTH,
    Counted,
    Net,
    Sliding,
    hooks,
)

ONE = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def compared(net, image, plan, tap='backbone'):
    """What a plan gives together, and what it gives one by one."""
    replay = LatentReplay(net, tap)
    replay.record(lambda: net(image))
    apart = [replay.run(lambda: net(image), a) for a in plan]
    batch = repeated(image, len(plan))
    with torch.no_grad():
        together = replay.run_together(lambda: net(batch), plan)
    assert hooks(net) == 0
    return together, torch.cat(apart)


@pytest.mark.parametrize('norm', [False, True])
@pytest.mark.parametrize('inplace', [False, True])
@pytest.mark.parametrize('value', ['zero', 'mean', 'shuffle'])
def test_it_is_what_they_give_one_by_one(value, inplace, norm):
    net = Net(inplace, norm)
    plan = [Ablation(RANKING, top=n, value=value) for n in (0, 1, 3, 12, 5)]
    found, wanted = compared(net, ONE, plan)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    # The plan is no row of equal things.
    assert (wanted[1:] - wanted[:1]).abs().amax((1, 2, 3)).min() > 1e-3


def test_values_may_differ_and_directions_go_too():
    net, moments = Net(), Moments()
    with torch.no_grad():
        moments.add(net.backbone(ONE))
    eraser = erase('rasa', moments, rank=4)
    mixed = [
        Ablation(RANKING, top=4),
        Ablation(RANKING, top=4, value='mean'),
        Ablation(eraser, top=2),
        Ablation(eraser, top=4),
    ]
    for plan in (mixed, mixed[2:]):
        found, wanted = compared(net, ONE, plan)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_encoder_rests_readers_are_mended_and_the_rest_runs_once(
    monkeypatch,
):
    mended, of = [], GrowingOutput.of

    def noted(growing, latent, replaced, value):
        mended.append((growing.layer, len(replaced)))
        return of(growing, latent, replaced, value)

    monkeypatch.setattr(GrowingOutput, 'of', noted)
    net = Net()
    net.out = Counted(12 + WIDTH + 1, 5, 3, padding=1)
    replay = LatentReplay(net, 'backbone')
    replay.record(lambda: net(ONE))
    net.backbone[0].calls = net.out.calls = 0
    plan = [Ablation(RANKING, top=n) for n in (1, 2, 4)]
    replay.run_together(lambda: net(repeated(ONE, 3)), plan)
    assert net.backbone[0].calls == 0
    assert net.out.calls == 1
    readers = net.point, net.wide
    assert mended == [(r, n) for r in readers for n in (1, 2, 4)]


def test_windows_that_slide_over_the_image():
    plan = [Ablation(RANKING, top=n) for n in (2, 6)]
    net = Sliding()
    replay = LatentReplay(net, 'backbone')
    replay.record(lambda: net(WIDE))
    assert len(replay.latents) == 4
    apart = [replay.run(lambda: net(WIDE), a) for a in plan]
    found = replay.run_together(lambda: net(repeated(WIDE, 2)), plan)
    windows = found.unflatten(0, (4, 2))
    for i, wanted in enumerate(apart):
        torch.testing.assert_close(windows[:, i], wanted, rtol=1e-4, atol=1e-5)


class Levels(nn.Module):
    """A latent of two levels, made by a layer that copies its input."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 5, 3, padding=1)
        self.fine, self.coarse = nn.Conv2d(4, 2, 1), nn.Linear(7, 2)
        self.body = Body()

    def forward(self, x):
        fine, coarse = self.body(self.stem(x))
        return self.fine(fine).mean((2, 3)) + self.coarse(coarse.mean((2, 3)))


class Body(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(5, 4, 1), nn.Conv2d(5, 7, 3, stride=2)

    def forward(self, x):
        return self.a(x), self.b(x)


def test_a_latent_of_several_levels():
    plan = [Ablation(channels=c) for c in ([0, 5], [3], [10, 4, 1])]
    tap = dict(path='body', output='all')
    found, wanted = compared(Levels().eval(), ONE, plan, tap)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


class Mixed(nn.Module):
    """What comes before the latent has no axis of images."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.before, self.latent = Before(), nn.Conv2d(4, WIDTH, 1)
        self.head = nn.Conv2d(WIDTH, 2, 3)

    def forward(self, x):
        maps, total = self.before(x)
        return self.head(self.latent(maps)) + total


class Before(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.conv(x), torch.tensor(2.0)


def test_an_encoder_that_cannot_be_repeated_is_run():
    plan = [Ablation(RANKING, top=n) for n in (1, 5)]
    found, wanted = compared(Mixed().eval(), ONE, plan, 'latent')
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_a_batch_of_one_image_is_undone_and_no_other():
    image = torch.rand(1, 2, 3)
    batch = repeated([image, {'x': image}, 3], 4)
    assert batch[0].shape == batch[1]['x'].shape == (4, 2, 3)
    assert batch[0].data_ptr() == image.data_ptr()
    first = once(batch, 4)
    assert first[0].shape == (1, 2, 3)
    assert first[2] == 3
    assert same_memory(first[0], image)
    true = torch.rand(4, 2, 3)
    assert once(true, 4) is true
    assert repeated([image, torch.zeros(())], 4) is None
    assert not same_memory(image, image.clone())


def test_on_a_device_no_list_of_channels_is_sent_twice():
    plan = [Ablation(RANKING, top=n) for n in (1, 3, 8)]
    with simulated() as log, torch.no_grad():
        net, image = far(Net(norm=False)), far(ONE)
        replay = LatentReplay(net, 'backbone')
        replay.record(lambda: net(image))
        replay.run_together(lambda: net(repeated(image, 3)), plan)
        log.clear()
        replay.run_together(lambda: net(repeated(image, 3)), plan)
        assert not {'copy', 'index'} & set(log)
