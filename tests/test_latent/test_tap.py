from collections import OrderedDict, namedtuple

import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import Tap, find_module, unwrap
from mmchanpos.latent.outputs import part_at


class Backbone(nn.Module):
    """Two levels, of 4 and 6 channels."""

    def __init__(self):
        super().__init__()
        self.low = nn.Conv2d(3, 4, 1)
        self.high = nn.Conv2d(4, 6, 1, stride=2)

    def forward(self, x):
        low = self.low(x)
        return low, self.high(low)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()

    def forward(self, x):
        return self.backbone(x)


class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)


IMAGE = torch.arange(48.0).view(1, 3, 4, 4)


def hooks(model):
    return sum(len(m._forward_hooks) for m in model.modules())


def shapes(tap, model):
    with tap.read(model) as seen:
        model(IMAGE)
    (latent,) = seen
    if isinstance(latent, torch.Tensor):
        return latent.shape[1]
    return [level.shape[1] for level in latent]


@pytest.mark.parametrize(
    ('output', 'wanted'),
    [(None, 6), (0, 4), (-2, 4), ('all', [4, 6]), ([1, 0], [6, 4])],
)
def test_the_output_is_the_one_that_was_named_else_the_last(output, wanted):
    assert shapes(Tap('backbone', output), Net()) == wanted


def test_wrappers_are_taken_off_to_the_last():
    model = Net()
    wrapped = Wrapper(Wrapper(model))
    assert unwrap(wrapped) is model
    with Tap('backbone.high').read(wrapped) as seen:
        wrapped(IMAGE)
    assert seen[0].shape == (1, 6, 2, 2)
    assert hooks(model) == 0


def test_what_was_read_stays_when_the_next_layer_works_in_place():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU(inplace=True)).eval()
    image = torch.randn(1, 3, 4, 4)
    with torch.no_grad(), Tap('0').read(model) as seen:
        model(image)
        assert torch.equal(seen[0], model[0](image))
    assert seen[0].min() < 0


def test_replace_reaches_what_comes_after_and_nothing_else():
    model = Net()
    plain = model(IMAGE)
    with Tap('backbone').replace(model, torch.zeros_like):
        low, high = model(IMAGE)
    assert torch.equal(low, plain[0])
    assert not high.any()
    assert torch.equal(model(IMAGE)[1], plain[1])


def test_no_hook_remains_after_an_error_or_an_interrupt():
    model = Net()
    for error in (RuntimeError, KeyboardInterrupt):
        with pytest.raises(error), Tap('backbone').read(model):
            raise error
        with (
            pytest.raises(error),
            Tap('backbone').replace(model, torch.zeros_like),
        ):
            raise error
    assert hooks(model) == 0


Pair = namedtuple('Pair', 'a b')


@pytest.mark.parametrize(
    'output',
    [
        [torch.zeros(1), torch.ones(1)],
        (torch.zeros(1), torch.ones(1)),
        Pair(torch.zeros(1), torch.ones(1)),
        OrderedDict(a=torch.zeros(1), b=torch.ones(1)),
    ],
)
def test_every_container_comes_back_as_it_was(output):
    tap = Tap('x')
    new = tap.put(output, torch.full((1,), 5.0))
    assert type(new) is type(output)
    values = list(new.values()) if isinstance(new, dict) else list(new)
    assert values == [torch.zeros(1), torch.full((1,), 5.0)]
    assert tap.pick(output) == torch.ones(1)


def test_a_misspelt_path_names_its_neighbours():
    with pytest.raises(InputError, match='"backbone.high"'):
        find_module(Net(), 'backbone.hihg')
    with pytest.raises(InputError, match='no module'):
        find_module(Net(), '')


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        (dict(path=''), 'path of a module'),
        (dict(path=3), 'path of a module'),
        (dict(path='backbone', channel_dim=0), 'axis of images'),
        (dict(path='backbone', index=1), 'not a tap'),
        (dict(output=1), 'not a tap'),
    ],
)
def test_a_wrong_tap_says_what_a_tap_is(spec, message):
    with pytest.raises(InputError, match=message):
        Tap.of(spec)


@pytest.mark.parametrize('output', [2, -3, 'out'])
def test_an_output_that_is_not_there_is_an_error(output):
    with pytest.raises(InputError, match='no output'):
        shapes(Tap('backbone', output), Net())


def test_an_output_that_is_no_tensor_is_an_error():
    with pytest.raises(InputError, match='returns a str'):
        Tap('x').pick('text')
    with pytest.raises(InputError, match='not a tensor'):
        Tap('x').pick([torch.zeros(1), 'text'])
    with pytest.raises(InputError, match='returns a tuple'):
        Tap('x').pick(())


NESTED = [[torch.zeros(1), torch.ones(1)], {'a': (torch.ones(2), None)}]


@pytest.mark.parametrize(
    ('output', 'way'), [('0.1', (0, 1)), ('-1.a.0', (1, 'a', 0))]
)
def test_a_part_of_nested_outputs_is_read_and_replaced(output, way):
    tap = Tap('x', output)
    new = tap.put(NESTED, torch.full((3,), 5.0))
    assert torch.equal(part_at(new, way, 'x'), torch.full((3,), 5.0))
    assert torch.equal(tap.pick(new), torch.full((3,), 5.0))
    assert new[0][0] is NESTED[0][0]
    assert tap.pick(NESTED).sum() == part_at(NESTED, way, 'x').sum() > 0


def test_several_parts_of_nested_outputs_are_levels():
    tap = Tap('x', ['0.0', '1.a.0'])
    latent = tap.pick(NESTED)
    assert [len(level) for level in latent] == [1, 2]
    same = tap.put(NESTED, latent)
    assert same[0][1] is NESTED[0][1]
    assert same[1]['a'][0] is NESTED[1]['a'][0]


@pytest.mark.parametrize('output', ['0.2', '0.a', '2.0', '1.b'])
def test_a_part_that_is_not_there_is_an_error(output):
    with pytest.raises(InputError, match='no output'):
        Tap('x', output).pick(NESTED)


def test_a_pair_says_how_its_parts_are_named():
    with pytest.raises(InputError, match='output="0.0"'):
        Tap('x', 0).pick(NESTED)


@pytest.mark.parametrize(
    ('tokens', 'count', 'size'),
    [(1, 17, (4, 4)), ((0,), 9, (3, 3)), ([5, 2, 3], 11, (2, 3))],
)
def test_tokens_are_a_map_and_those_before_stay(tokens, count, size):
    tap = Tap('x', tokens=tokens)
    old = torch.rand(2, count, 7)
    maps = tap.pick(old)
    assert maps.shape == (2, 7, *size)
    before = tap.tokens[0]
    # Row by row, as patches are embedded.
    for row, column in ((0, 1), (size[0] - 1, 0)):
        token = old[:, before + row * size[1] + column]
        assert torch.equal(maps[..., row, column], token)
    assert torch.equal(tap.put(old, maps), old)
    new = tap.put((old,), torch.zeros_like(maps))[0]
    assert torch.equal(new[:, :before], old[:, :before])
    assert not new[:, before:].any()


@pytest.mark.parametrize(
    ('tokens', 'shape'),
    [(1, (2, 9, 7)), ((0, 2, 3), (2, 7, 7)), (0, (2, 9)), (9, (2, 9, 7))],
)
def test_tokens_that_make_no_map_are_an_error(tokens, shape):
    with pytest.raises(InputError, match='no tokens'):
        Tap('x', tokens=tokens).pick(torch.zeros(shape))


@pytest.mark.parametrize(
    'tokens', [-1, (), (1, 2), (1, 0, 4), 'ab', (1.5,), True, [1, 2, 3, 4]]
)
def test_a_wrong_number_of_tokens_says_what_is_wanted(tokens):
    with pytest.raises(InputError, match='stand before'):
        Tap('x', tokens=tokens)


def test_a_map_of_tokens_has_its_channels_second():
    with pytest.raises(InputError, match='channel_dim is 1'):
        Tap('x', channel_dim=2, tokens=1)


def test_a_tap_without_tokens_is_described_as_before():
    assert Tap('x').as_dict() == dict(path='x', output=None, channel_dim=1)
    tap = Tap('x', '0.1', tokens=[1, 4, 6])
    assert Tap.of(tap.as_dict()) == tap
