"""BlurPool, APS, and networks converted to them."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.shift import APS, BlurPool, antialias, measure, shift_images
from mmchanpos.shift.blur_pool import pad


class Block(nn.Module):
    """The residual block of a ResNet, by its usual names."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.downsample = nn.Sequential(
            nn.Conv2d(inside, outside, 1, stride, bias=False),
            nn.BatchNorm2d(outside),
        )

    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.downsample(x))


class Net(nn.Module):
    """A small ResNet with a stem pool."""

    def __init__(self, stride=2):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 1, 1)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = Block(8, 8, stride)
        self.layer2 = Block(8, 16, stride)
        self.fc = nn.Linear(16, 10)

    def forward(self, x):
        x = self.maxpool(F.relu(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        return self.fc(x.mean((2, 3)))


@pytest.fixture
def net():
    torch.manual_seed(0)
    net = Net()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.weight)
    return net.eval()


def all_rolls(net, images, step=1):
    side = images.shape[-1]
    with torch.no_grad():
        return torch.stack(
            [
                net(images.roll((dy, dx), (-2, -1)))
                for dy in range(0, side, step)
                for dx in range(0, side, step)
            ]
        )


@pytest.mark.parametrize('filt', range(1, 8))
@pytest.mark.parametrize('size', [1, 2, 3, 8])
@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
def test_blur_keeps_a_constant_and_the_size_of_a_strided_conv(
    filt, size, mode
):
    for stride in (1, 2, 3):
        out = BlurPool(filt, stride, mode)(torch.ones(1, 2, size, size))
        assert out.shape[-1] == -(-size // stride)
        assert torch.allclose(out, torch.ones_like(out))


def test_blur_equals_its_definition():
    x = torch.rand(1, 1, 6, 6)
    line = torch.tensor([1.0, 2, 1]) / 4
    padded = F.pad(x, (1, 1, 1, 1), mode='reflect')[0, 0]
    slow = [
        [(line[:, None] * line * padded[i:i + 3, j:j + 3]).sum()
         for j in (0, 2, 4)]
        for i in (0, 2, 4)
    ]  # fmt: skip
    assert torch.allclose(BlurPool(3)(x)[0, 0], torch.tensor(slow))


@pytest.mark.parametrize('mode', ['reflect', 'replicate', 'circular'])
def test_padding_keeps_the_format_that_a_net_of_few_channels_is_fast_in(mode):
    plain = torch.rand(2, 4, 5, 6)
    maps = plain.to(memory_format=torch.channels_last)
    for before, after in ((1, 1), (0, 1), (3, 3)):
        padded = pad(maps, before, after, mode)
        assert torch.equal(padded, pad(plain, before, after, mode))
        assert padded.is_contiguous(memory_format=torch.channels_last)


def test_circular_padding_wraps_around():
    x = torch.rand(2, 3, 4, 7)
    for before, after in ((0, 0), (1, 2), (4, 4), (9, 5)):
        wanted = np.pad(x, [(0, 0)] * 2 + [(before, after)] * 2, mode='wrap')
        assert np.array_equal(pad(x, before, after, 'circular'), wanted)


@pytest.mark.parametrize('stride', [2, 3, 4])
def test_aps_output_moves_with_the_input_for_every_roll(stride):
    x = torch.rand(2, 3, 12, 12)
    pool = APS(stride, filt=3)
    plain = pool(x)
    for dy in range(12):
        for dx in range(12):
            out = pool(x.roll((dy, dx), (-2, -1)))
            gap = [
                (out - plain.roll((i, j), (-2, -1))).abs().amax((1, 2, 3))
                for i in range(12 // stride)
                for j in range(12 // stride)
            ]
            assert torch.stack(gap).amin(0).max() <= 1e-5


def test_roll_by_the_total_stride_is_exactly_consistent(net):
    antialias(net, 'BlurPool', filt=1, padding_mode='circular')
    images = torch.rand(2, 3, 32, 32)
    aligned = all_rolls(net, images, step=8)
    assert (aligned - aligned[:1]).abs().max() <= 1e-5
    between = all_rolls(net, images[..., :16, :16])
    assert (between - between[:1]).abs().max() > 1e-3


def test_aps_is_exact_for_every_roll_where_the_plain_net_is_not(net):
    images = torch.rand(3, 3, 16, 16)
    plain = all_rolls(net, images)
    assert (plain - plain[:1]).abs().max() > 1e-3
    antialias(net, 'APS', filt=3, padding_mode='circular')
    exact = all_rolls(net, images)
    assert (exact - exact[:1]).abs().max() <= 1e-5
    predictions = exact.argmax(-1).T.numpy()
    found = measure(predictions, predictions[:, 0], predictions[:, 0])
    assert found.consistency.min() == 1


def test_aps_needs_the_shared_phase_of_both_branches(net):
    images = torch.rand(4, 3, 16, 16).double()
    antialias(net.double(), 'APS', padding_mode='circular')
    shared = all_rolls(net, images)
    assert (shared - shared[:1]).abs().max() <= 1e-10
    for module in net.modules():
        if isinstance(module, APS):
            module.phase = None
    alone = all_rolls(net, images)
    assert (alone - alone[:1]).abs().max() > 1e-6


def test_filter_of_one_is_the_plain_network(net):
    images = torch.rand(2, 3, 32, 32)
    converted = copy.deepcopy(net)
    antialias(converted, 'BlurPool', filt=1, stem=True)
    assert torch.allclose(converted(images), net(images), atol=1e-6)


@pytest.mark.parametrize('pool', ['BlurPool', 'APS'])
def test_weights_of_the_plain_network_fit(net, pool):
    converted = Net()
    names = antialias(converted, pool, filt=3)
    assert names == [
        'maxpool',
        'layer1.conv1',
        'layer1.downsample.0',
        'layer2.conv1',
        'layer2.downsample.0',
    ]
    converted.load_state_dict(net.state_dict(), strict=True)
    twin = copy.deepcopy(converted).eval()
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(twin(images), converted.eval()(images))


def test_gradient_reaches_every_weight(net):
    antialias(net, 'APS', filt=3)
    net.train()(torch.rand(2, 3, 16, 16)).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_blur_makes_shifts_matter_less(net):
    images = torch.rand(4, 3, 32, 32)
    blurred = copy.deepcopy(net)
    antialias(blurred, 'BlurPool', filt=5)

    def change(model):
        with torch.no_grad():
            moved = model(shift_images(images, [[0, 1]] * 4, 'circular'))
            plain = model(images)
            return ((moved - plain).norm() / plain.std()).item()

    assert change(blurred) < change(net)


@pytest.mark.parametrize(
    'pool', [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(4, 2, 1)]
)
def test_aps_behind_a_max_pool_is_exact_too(pool):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), pool,
        nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    images = torch.rand(2, 3, 8, 8)
    shape = net[:2](images).shape
    antialias(net, 'APS', filt=3, padding_mode='circular')
    assert net[:2](images).shape == shape
    rolled = all_rolls(net, images)
    assert (rolled - rolled[:1]).abs().max() <= 1e-5


class Published(nn.Module):
    """The published anti-aliased ResNet-18, written from its description.

    Dense convolutions where the plain net has strided ones, each blurred
    after its ReLU; in the stem a max pool over 2 x 2 without padding.
    """

    def __init__(self, plain, filt):
        super().__init__()
        self.plain, self.filt = plain, filt

    def blur(self, x):
        line = torch.tensor(np.poly1d([1.0, 1.0]).coeffs, dtype=x.dtype)
        kernel = torch.ones(1, dtype=x.dtype)
        for _ in range(self.filt - 1):
            kernel = F.conv1d(
                kernel[None, None], line[None, None], padding=1
            ).flatten()
        kernel = kernel[:, None] * kernel[None] / kernel.sum() ** 2
        before, after = (self.filt - 1) // 2, self.filt // 2
        x = F.pad(x, (before, after, before, after), mode='reflect')
        weight = kernel.expand(x.shape[1], 1, -1, -1)
        return F.conv2d(x, weight, stride=2, groups=x.shape[1])

    def block(self, block, x):
        halved = block.downsample is not None and block.stride == 2
        dense = dict(stride=1, padding=1)
        out = F.conv2d(x, block.conv1.weight, **dense)
        out = F.relu(block.bn1(out))
        if halved:
            out = self.blur(out)
            x = self.blur(x)
        if block.downsample is not None:
            conv, norm = block.downsample
            x = norm(F.conv2d(x, conv.weight))
        out = block.bn2(F.conv2d(out, block.conv2.weight, **dense))
        return F.relu(out + x)

    def forward(self, x):
        net = self.plain
        x = F.relu(net.bn1(net.conv1(x)))
        x = self.blur(F.max_pool2d(x, 2, stride=1))
        for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
            for block in stage:
                x = self.block(block, x)
        return net.fc(x.mean((2, 3)))


@pytest.mark.parametrize('filt', [2, 3])
def test_a_resnet_equals_the_published_one(filt):
    models = pytest.importorskip('torchvision.models')
    torch.manual_seed(0)
    plain = models.resnet18(num_classes=10).eval()
    images = torch.randn(2, 3, 96, 96)
    converted = copy.deepcopy(plain)
    antialias(converted, filt=filt, max_pool=2)
    with torch.no_grad():
        expected = Published(plain, filt)(images)
        torch.testing.assert_close(
            converted(images), expected, rtol=1e-4, atol=1e-4
        )
        # With the plain net's pool of 3 x 3 it is another net.
        other = copy.deepcopy(plain)
        antialias(other, filt=filt)
        assert (other(images) - expected).abs().max() > 1e-2


def test_a_pool_of_two_keeps_the_size_with_a_padding_of_its_own():
    net = nn.Sequential(
        nn.MaxPool2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    antialias(net, 'APS', padding_mode='circular', max_pool=2)
    images = torch.rand(2, 3, 16, 16)
    assert net[0](images).shape == (2, 3, 8, 8)
    rolled = all_rolls(net, images)
    assert (rolled - rolled[:1]).abs().max() <= 1e-6


def test_average_pools_and_strides_other_than_two():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.AvgPool2d(2),
        nn.Conv2d(4, 8, 3, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip
    images = torch.rand(2, 3, 24, 24)
    plain = net(images).shape
    antialias(net, 'APS', padding_mode='circular')
    rolled = all_rolls(net, images[..., :12, :12])
    assert (rolled - rolled[:1]).abs().max() <= 1e-5
    assert net(images).shape == plain


def test_a_pool_needs_no_convolution_before_it():
    net = nn.Sequential(nn.MaxPool2d(3, 2, 1))
    assert antialias(net) == ['0']
    assert net(torch.rand(1, 3, 8, 8)).shape == (1, 3, 4, 4)


@pytest.mark.parametrize('activate', [nn.ReLU(), None])
def test_a_convolution_is_sampled_after_the_activation_it_comes_with(activate):
    class Together(nn.Module):  # as mmcv's ConvModule
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, 2, 1)
            if activate is not None:
                self.activate = activate

        def forward(self, x):
            return getattr(self, 'activate', nn.Identity())(self.conv(x))

    net, x = nn.Sequential(Together()), torch.randn(2, 3, 9, 12)
    conv = copy.deepcopy(net[0].conv)
    conv.stride = (1, 1)
    assert antialias(net, stem=True) == ['0.conv']
    dense = conv(x) if activate is None else activate(conv(x))
    torch.testing.assert_close(net(x), BlurPool()(dense))


def test_bad_input():
    with pytest.raises(InputError, match='Did you mean "BlurPool"'):
        antialias(Net(), 'Blurpool')
    with pytest.raises(InputError, match='1 to 7'):
        antialias(Net(), filt=8)
    with pytest.raises(InputError, match='no strided'):
        antialias(nn.Sequential(nn.Conv2d(3, 3, 1)))
    net = Net()
    antialias(net)
    with pytest.raises(InputError, match='before'):
        antialias(net)
    with pytest.raises(InputError, match='padding_mode="mirror"'):
        BlurPool(padding_mode='mirror')
    assert np.isfinite(BlurPool().kernel.numpy()).all()
