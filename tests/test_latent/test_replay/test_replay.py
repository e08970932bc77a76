import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmchanpos.latent import Ablation, ChannelRanking, Tap, ablate
from mmchanpos.latent.replay import LatentReplay

WIDTH = 12
RANKING = ChannelRanking(
    'overall',
    torch.randperm(WIDTH, generator=torch.Generator().manual_seed(0)).numpy(),
    means=[0.1 * i for i in range(WIDTH)],
)
TOPS = (0, 1, 3, 8, 12, 3, 5)


class Counted(nn.Conv2d):
    """A convolution that counts its calls."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return self._conv_forward(x, self.weight, self.bias)


class Net(nn.Module):
    """Backbone of two levels and a head with several readers."""

    def __init__(self, inplace=False, norm=True):
        super().__init__()
        torch.manual_seed(0)
        self.backbone = nn.Sequential(
            Counted(3, 8, 3, padding=1, stride=2), nn.ReLU()
        )
        self.backbone.append(Counted(8, WIDTH, 3, padding=1))
        self.backbone.append(nn.ReLU())
        self.point = nn.Conv2d(WIDTH, 6, 1)
        self.wide = nn.Conv2d(WIDTH, 6, 3, padding=4, dilation=4, bias=False)
        self.depthwise = nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)
        self.norm = nn.BatchNorm2d(6) if norm else nn.Identity()
        self.act = nn.ReLU(inplace=inplace)
        self.out = nn.Conv2d(12 + WIDTH + 1, 5, 3, padding=1)
        self.train()
        self(torch.rand(8, 3, 16, 16))
        self.eval()

    def forward(self, x):
        z = self.backbone(x)
        parts = [self.act(self.norm(m(z))) for m in (self.point, self.wide)]
        parts += [self.depthwise(z), z.mean((1, 2, 3), keepdim=True)]
        parts[-1] = parts[-1].expand(-1, -1, *z.shape[2:])
        return F.interpolate(self.out(torch.cat(parts, 1)), scale_factor=2)


class Sliding(Net):
    """Cuts its image into overlapping windows."""

    def forward(self, x):
        if x.shape[-1] <= 16:
            return super().forward(x)
        windows = [x[..., i : i + 16] for i in range(0, x.shape[-1] - 15, 8)]
        return torch.cat([super(Sliding, self).forward(w) for w in windows])


IMAGE = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
WIDE = torch.rand(1, 3, 16, 40, generator=torch.Generator().manual_seed(2))


def separate(net, image, ablation, tap='backbone'):
    with torch.no_grad(), ablate(net, tap, ablation):
        return net(image)


def hooks(net):
    return sum(
        len(m._forward_hooks)
        + len(m._forward_pre_hooks)
        + ('forward' in vars(m))
        for m in net.modules()
    )


@pytest.mark.parametrize('value', ['zero', 'mean', 'shuffle', 'resample'])
@pytest.mark.parametrize(
    ('net', 'image'),
    [
        (Net(), IMAGE),
        (Net(inplace=True), IMAGE),
        (Net(inplace=True, norm=False), IMAGE),
        (Sliding(), WIDE),
    ],
)
def test_replay_equals_a_separate_run_of_every_ablation(net, image, value):
    replay = LatentReplay(net, 'backbone')
    base = replay.record(lambda: net(image))
    assert torch.equal(base, separate(net, image, Ablation(top=0)))
    for top in TOPS:
        ablation = Ablation(RANKING, top=top, value=value)
        out = replay.run(lambda: net(image), ablation)
        torch.testing.assert_close(
            out, separate(net, image, ablation), rtol=1e-5, atol=1e-6
        )
    assert hooks(net) == 0


@pytest.mark.parametrize('tap', ['backbone.1', 'backbone.2', 'backbone.3'])
def test_a_tap_in_the_middle_of_the_encoder(tap):
    net = Net()
    width = 8 if tap == 'backbone.1' else WIDTH
    replay = LatentReplay(net, tap)
    replay.record(lambda: net(IMAGE))
    for channels in ([1], [1, 5], [0, 7]):
        ablation = Ablation(channels=channels)
        assert max(channels) < width
        torch.testing.assert_close(
            replay.run(lambda: net(IMAGE), ablation),
            separate(net, IMAGE, ablation, tap),
            rtol=1e-5,
            atol=1e-6,
        )


def test_an_in_place_layer_right_behind_the_tap_does_no_harm():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(inplace=True), nn.Conv2d(8, 2, 1)
    ).eval()
    replay = LatentReplay(net, '0')
    replay.record(lambda: net(IMAGE))
    for _ in range(2):
        for channels in ([1, 2], [4]):
            ablation = Ablation(channels=channels)
            out = replay.run(lambda: net(IMAGE), ablation)
            expected = separate(net, IMAGE, ablation, '0')
            torch.testing.assert_close(out, expected)


@pytest.mark.parametrize('inplace', [False, True])
def test_it_works_in_the_inference_mode_too(inplace):
    net = Net(inplace=inplace)
    with torch.inference_mode():
        replay = LatentReplay(net, 'backbone')
        for image in (IMAGE, IMAGE.flip(0)):
            replay.record(lambda image=image: net(image))
            for top in TOPS:
                ablation = Ablation(RANKING, top=top)
                out = replay.run(lambda image=image: net(image), ablation)
                torch.testing.assert_close(
                    out, separate(net, image, ablation), rtol=1e-5, atol=1e-6
                )


def test_the_encoder_runs_once_per_image_and_the_readers_too():
    net = Net()
    net.backbone[0].calls = 0
    replay = LatentReplay(net, 'backbone')
    replay.record(lambda: net(IMAGE))
    for top in TOPS:
        replay.run(lambda: net(IMAGE), Ablation(RANKING, top=top))
    assert net.backbone[0].calls == 1
    assert {layer for layer, _ in replay._growing} == {net.point, net.wide}


def test_another_image_is_not_answered_from_memory():
    net = Net()
    replay = LatentReplay(net, 'backbone')
    replay.record(lambda: net(IMAGE))
    other = IMAGE.flip(0)
    ablation = Ablation(RANKING, top=3)
    torch.testing.assert_close(
        replay.run(lambda: net(other), ablation),
        separate(net, other, ablation),
    )
    replay.record(lambda: net(other))
    torch.testing.assert_close(
        replay.run(lambda: net(other), ablation),
        separate(net, other, ablation),
        rtol=1e-5,
        atol=1e-6,
    )


class Pyramid(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.neck = Levels()
        self.heads = nn.ModuleList([nn.Conv2d(4, 2, 1), nn.Conv2d(6, 2, 1)])
        self.shared = nn.Conv2d(2, 3, 3)

    def forward(self, x):
        outs = [h(z) for h, z in zip(self.heads, self.neck(x))]
        return [self.shared(out) for out in outs]


class Levels(nn.Module):
    def __init__(self):
        super().__init__()
        self.low, self.high = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 6, 3, 2)

    def forward(self, x):
        low = self.low(x)
        return low, self.high(low)


def test_levels_of_a_pyramid_are_replayed_each_for_itself():
    net = Pyramid().eval()
    tap = Tap('neck', 'all')
    replay = LatentReplay(net, tap)
    replay.record(lambda: net(IMAGE))
    for channels in ([0], [5], [0, 5, 9], []):
        ablation = Ablation(channels=channels)
        out = replay.run(lambda: net(IMAGE), ablation)
        for a, b in zip(out, separate(net, IMAGE, ablation, tap)):
            torch.testing.assert_close(a, b)


def test_vectors_and_linear_layers():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Flatten(), nn.Linear(768, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 4)
    ).eval()
    replay = LatentReplay(net, '2')
    replay.record(lambda: net(IMAGE))
    assert len(replay._growing) == 1
    for top in TOPS:
        ablation = Ablation(RANKING, top=top)
        torch.testing.assert_close(
            replay.run(lambda: net(IMAGE), ablation),
            separate(net, IMAGE, ablation, '2'),
        )


def test_a_module_used_on_both_sides_is_run_where_its_input_differs():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.shared = nn.Conv2d(3, 3, 3, padding=1)
            self.latent = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return self.shared(self.latent(self.shared(x)))

    net = Both().eval()
    replay = LatentReplay(net, 'latent')
    replay.record(lambda: net(IMAGE))
    for channels in ([0], [0, 1], [2]):
        ablation = Ablation(channels=channels)
        torch.testing.assert_close(
            replay.run(lambda: net(IMAGE), ablation),
            separate(net, IMAGE, ablation, 'latent'),
        )


def test_nothing_remains_on_the_model_after_an_error():
    net = Net()
    replay = LatentReplay(net, 'backbone')

    def fail():
        net(IMAGE)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay.record(fail)
    assert hooks(net) == 0
    replay.record(lambda: net(IMAGE))
    with pytest.raises(KeyboardInterrupt):
        replay.run(fail, Ablation(top=2))
    assert hooks(net) == 0


def test_another_rankings_constants_are_not_built_upon():
    net, image = Net(), torch.rand(1, 3, 16, 16)
    replay = LatentReplay(net, 'backbone')
    replay.record(lambda: net(image))
    order = RANKING.order.tolist()
    for constant, top in ((0.0, 2), (3.0, 4)):
        ranking = ChannelRanking('overall', order, means=[constant] * WIDTH)
        ablation = Ablation(ranking, top=top, value='mean')
        with torch.no_grad(), ablate(net, 'backbone', ablation):
            alone = net(image)
        found = replay.run(lambda: net(image), ablation)
        torch.testing.assert_close(found, alone, atol=1e-5, rtol=1e-5)
