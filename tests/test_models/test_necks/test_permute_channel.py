import copy

import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.models.necks import PermuteChannel


def order_of(x):
    """Channel that each position of a (B, C, ...) tensor came from."""
    return x.flatten(2)[..., 0] if x.ndim > 2 else x


def numbered(batch, channels, *size):
    numbers = torch.arange(channels).float().reshape(1, -1, *[1] * len(size))
    return numbers.expand(batch, channels, *size).clone()


@pytest.mark.parametrize('size', [(), (3, 2), (5,)])
@pytest.mark.parametrize('mode', ['per_forward', 'per_sample', 'fixed'])
@pytest.mark.parametrize('train', [True, False])
def test_every_mode_permutes_as_it_says(mode, size, train):
    shuffle = PermuteChannel(mode).train(train)
    x = numbered(6, 40, *size)
    first, second = shuffle(x), shuffle(x)
    for out in (first, second):
        assert out.shape == x.shape
        assert torch.equal(out.sort(1).values, x)
        orders = order_of(out)
        assert (len(orders.unique(dim=0)) == 1) == (mode != 'per_sample')
    assert torch.equal(first, second) == (mode == 'fixed')


def test_whole_maps_move_with_their_channel():
    x = torch.randn(2, 10, 3, 3)
    out = PermuteChannel('per_sample')(x)
    for image, moved in zip(x, out):
        sums = image.flatten(1).tolist()
        assert sorted(moved.flatten(1).tolist()) == sorted(sums)


def test_draws_come_from_its_own_seed_alone():
    x = numbered(1, 64)
    torch.manual_seed(1)
    one, state = PermuteChannel(seed=3), torch.get_rng_state()
    drawn = [one(x) for _ in range(3)]
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(2)
    two = PermuteChannel(seed=3)
    assert all(torch.equal(two(x), d) for d in drawn)
    one.redraw(3)
    assert torch.equal(one(x), drawn[0])
    one.redraw(4)
    assert not torch.equal(one(x), drawn[0])
    fixed = PermuteChannel('fixed', seed=3)
    before = fixed(x)
    fixed.redraw(4)
    assert torch.equal(fixed(x), before)


def test_a_copy_goes_on_where_the_original_stands():
    x, shuffle = numbered(1, 64), PermuteChannel(seed=3)
    shuffle(x)
    twin = copy.deepcopy(shuffle)
    drawn = shuffle(x)
    assert torch.equal(twin(x), drawn)
    assert not torch.equal(twin(x), drawn)


def test_as_a_neck_it_permutes_the_last_feature_only():
    features = (numbered(2, 30, 2, 2), numbered(2, 30))
    first, last = PermuteChannel()(features)
    assert torch.equal(first, features[0])
    assert not torch.equal(last, features[1])


def accuracy_after_training(neck, x, y):
    """Train a linear layer behind the neck on separable data."""
    torch.manual_seed(0)
    linear = nn.Linear(x.shape[1], int(y.max()) + 1)
    optimizer = torch.optim.Adam(linear.parameters(), lr=0.05)
    for _ in range(80):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(linear(neck(x)), y)
        loss.backward()
        optimizer.step()
    return (linear(neck(x)).argmax(1) == y).float().mean().item()


def test_a_fixed_permutation_trains_like_none_and_a_fresh_one_does_not():
    torch.manual_seed(0)
    y = torch.arange(200) % 9
    x = torch.randn(9, 32)[y] + 0.1 * torch.randn(200, 32)
    assert accuracy_after_training(nn.Identity(), x, y) == 1
    assert accuracy_after_training(PermuteChannel('fixed'), x, y) == 1
    assert accuracy_after_training(PermuteChannel(), x, y) < 0.6
    assert accuracy_after_training(PermuteChannel('per_sample'), x, y) < 0.6


def test_gradients_return_to_their_channel():
    x = torch.randn(3, 12, requires_grad=True)
    shuffle = PermuteChannel('per_sample')
    out = shuffle(x)
    (out * out.detach()).sum().backward()
    torch.testing.assert_close(x.grad, x.detach())


def test_an_unknown_mode_is_refused():
    with pytest.raises(InputError, match='"per_sample"'):
        PermuteChannel('per_samples')
