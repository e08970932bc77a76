import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation, ChannelRanking, Tap, ablate
from mmchanpos.latent.tap import split

RANKING = ChannelRanking(
    'overall', [3, 1, 0, 2, 5, 4], means=[0, 1, 2, 3, 4, 5]
)

PYRAMID = ChannelRanking('overall', range(6), widths=(2, 4))


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 5, 1)
    ).eval()


IMAGES = torch.rand(3, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def run(model, images=IMAGES):
    with torch.no_grad():
        return model(images)


@pytest.mark.parametrize(
    'ablation',
    [
        Ablation(RANKING, top=0),
        Ablation(RANKING, start=2, stop=2),
        Ablation(channels=[]),
        Ablation(top=0),
        Ablation(RANKING, top=0, value='resample'),
    ],
)
def test_switching_nothing_off_is_bit_identical_to_no_hook(ablation):
    model = net()
    plain = run(model)
    with ablate(model, '1', ablation):
        assert torch.equal(run(model), plain)


def test_top_n_equals_zeroing_the_weights_that_read_the_channels():
    for n in range(7):
        model, cut = net(), net()
        cut[2].weight.data[:, RANKING.top(n)] = 0
        with ablate(model, '1', Ablation(RANKING, top=n)):
            torch.testing.assert_close(run(model), run(cut))


def test_a_smaller_n_after_a_larger_one_gives_its_own_result():
    model = net()

    def out(n):
        with ablate(model, '1', Ablation(RANKING, top=n)):
            return run(model)

    first, few, again = out(5), out(0), out(5)
    assert torch.equal(first, again)
    assert torch.equal(few, run(model))
    assert not torch.equal(first, few)


def test_windows_share_the_ranking_out():
    windows = [
        Ablation(RANKING, start=i, stop=i + 2).indices((6,)) for i in (0, 2, 4)
    ]
    assert sum(windows, ()) == tuple(RANKING.order)


def test_the_tapped_tensor_itself_is_never_written():
    model = net()
    with Tap('1').read(model) as before:
        run(model)
    for value in ('zero', 'mean', 'shuffle', 'resample'):
        latent = before[0].clone()
        Ablation(RANKING, top=3, value=value).applier()(latent)
        assert torch.equal(latent, before[0])


def test_gradients_of_the_other_channels_pass():
    latent = torch.rand(2, 6, 4, 4, requires_grad=True)
    Ablation(RANKING, top=2).applier()(latent).sum().backward()
    assert not latent.grad[:, RANKING.top(2)].any()
    assert (latent.grad[:, RANKING.order[2:].tolist()] == 1).all()


def test_a_nan_in_a_channel_is_switched_off_too():
    latent = torch.full((1, 6, 2, 2), float('nan'))
    assert not Ablation(RANKING, top=6).applier()(latent).any()


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_stays_as_it_is(dtype):
    latent = torch.rand(1, 6, 2, 2).to(dtype)
    for value in ('zero', 'mean'):
        new = Ablation(RANKING, top=2, value=value).applier()(latent)
        assert new.dtype == dtype


def test_mean_puts_the_data_set_mean_in_place():
    latent = torch.rand(2, 6, 3, 3)
    new = Ablation(RANKING, top=2, value='mean').applier()(latent)
    assert (new[:, 3] == 3).all()
    assert (new[:, 1] == 1).all()
    assert torch.equal(new[:, [0, 2, 4, 5]], latent[:, [0, 2, 4, 5]])


def test_one_run_serves_two_only_where_they_put_the_same_in_place():
    other = ChannelRanking('shift', RANKING.order, means=[1.0] * 6)
    one, two = (
        {v: Ablation(r, top=2, value=v).effect((6,)) for v in ('zero', 'mean')}
        for r in (RANKING, other)
    )
    assert one['zero'] == two['zero']
    assert one['mean'] != two['mean']


def test_shuffle_keeps_the_values_and_does_not_depend_on_the_batch():
    latent = torch.rand(4, 6, 3, 5)
    apply = Ablation(RANKING, top=2, value='shuffle', seed=1).applier()
    new = apply(latent)
    assert torch.equal(
        new.flatten(2).sort().values, latent.flatten(2).sort().values
    )
    assert not torch.equal(new[:, 3], latent[:, 3])
    assert torch.equal(new[2:3], apply(latent[2:3]))


def test_resample_takes_the_image_before_in_any_batch():
    latent = torch.rand(4, 6, 3, 3)
    whole = Ablation(RANKING, top=2, value='resample').applier()(latent)
    apply = Ablation(RANKING, top=2, value='resample').applier()
    parts = torch.cat(
        [apply(latent[:1]), apply(latent[1:3]), apply(latent[3:])]
    )
    assert torch.equal(whole, parts)
    assert torch.equal(whole[1:, 3], latent[:-1, 3])
    assert torch.equal(whole[:, 0], latent[:, 0])


def test_resample_fits_an_image_of_another_size():
    apply = Ablation(RANKING, top=2, value='resample').applier()
    apply(torch.ones(1, 6, 3, 3))
    assert (apply(torch.zeros(1, 6, 5, 4))[:, 3] == 1).all()


@pytest.mark.parametrize(
    ('shape', 'dim'), [((2, 6), 1), ((2, 7, 6), 2), ((2, 7, 6), -1)]
)
@pytest.mark.parametrize('value', ['zero', 'mean', 'shuffle', 'resample'])
def test_vectors_and_tokens(shape, dim, value):
    latent = torch.rand(shape)
    if value == 'shuffle' and len(shape) == 2:
        with pytest.raises(InputError, match='one vector per image'):
            Ablation(RANKING, top=2, value=value).applier(dim)(latent)
        return
    new = Ablation(RANKING, top=2, value=value).applier(dim)(latent)
    kept = torch.tensor([0, 2, 4, 5])
    assert new.shape == latent.shape
    assert torch.equal(
        new.index_select(dim, kept), latent.index_select(dim, kept)
    )


def test_levels_are_counted_through():
    latent = (torch.ones(1, 2, 4, 4), torch.ones(1, 4, 2, 2))
    low, high = Ablation(RANKING, top=3).applier()(latent)
    assert low[0, :, 0, 0].tolist() == [0, 0]
    assert high[0, :, 0, 0].tolist() == [1, 0, 1, 1]
    each = Ablation(RANKING, top=1, per_level=True).applier()(latent)
    assert each[0][0, :, 0, 0].tolist() == [1, 0]
    assert each[1][0, :, 0, 0].tolist() == [1, 0, 1, 1]
    with pytest.raises(InputError, match='on every level'):
        Ablation(RANKING, top=3, per_level=True).applier()(latent)


def test_random_channels_come_from_the_seed_and_the_width():
    torch.manual_seed(5)
    first = Ablation(top=3, seed=1).indices((10,))
    torch.manual_seed(6)
    np.random.seed(6)
    assert first == Ablation(top=3, seed=1).indices((10,))
    assert first == Ablation(top=9, seed=1).indices((10,))[:3]
    assert first != Ablation(top=3, seed=2).indices((10,))


def test_no_hook_remains_after_success_error_or_interrupt():
    model = net()
    with ablate(model, '1', Ablation(top=2)):
        run(model)
    with pytest.raises(InputError), ablate(model, '1', Ablation(top=7)):
        run(model)
    interrupted = pytest.raises(KeyboardInterrupt)
    with interrupted, ablate(model, '1', Ablation(top=2)):
        raise KeyboardInterrupt
    assert not any(m._forward_hooks for m in model.modules())


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(), 'exactly one of'),
        (dict(top=1, channels=[0]), 'exactly one of'),
        (dict(top=1, start=0, stop=2), 'exactly one of'),
        (dict(start=1), 'needs start and stop'),
        (dict(top=-1), 'whole numbers'),
        (dict(top=1.5), 'whole numbers'),
        (dict(top=True), 'whole numbers'),
        (dict(start=3, stop=1), 'whole numbers'),
        (dict(channels=[1, 1]), r'\[1\] are listed twice'),
        (dict(channels=[-1]), 'not channel numbers'),
        (dict(top=1, value='zeros'), 'Did you mean "zero"'),
        (dict(top=1, value='mean'), 'needs the mean activations'),
        (dict(ranking=RANKING, top=7), 'has 6 channels'),
        (dict(ranking=PYRAMID, top=3, per_level=True), 'on every level'),
    ],
)
def test_wrong_arguments_are_found_when_it_is_made(arguments, message):
    with pytest.raises(InputError, match=message):
        Ablation(**arguments)


@pytest.mark.parametrize(
    'of', [list, iter, dict.fromkeys, np.array, torch.tensor]
)
def test_channels_may_be_of_any_kind(of):
    ablation = Ablation(channels=of([3, 1]))
    assert ablation.as_dict()['channels'] == [3, 1]
    assert {type(c) for c in ablation.indices((4,))} == {int}


def test_true_is_no_channel_beside_numbers_either():
    with pytest.raises(InputError, match='True, 3.* are not channel numbers'):
        Ablation(channels=[True, 3])


def test_a_ranking_of_another_width_is_refused():
    with pytest.raises(InputError, match='orders 6 channels, but the latent'):
        Ablation(RANKING, top=2).applier()(torch.zeros(1, 8, 2, 2))
    with pytest.raises(InputError, match=r'channels \[9\]'):
        Ablation(channels=[9]).applier()(torch.zeros(1, 8, 2, 2))
    with pytest.raises(InputError, match='set channel_dim'):
        Ablation(channels=[1]).applier(2)(torch.zeros(1, 8))


def test_split_keeps_every_channel_once():
    parts = split([5, 0, 3], (4, 1, 3))
    assert parts == ((0, (0, 3)), (4, ()), (5, (0,)))
