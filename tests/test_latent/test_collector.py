"""The pass over the data, and the sanity of what it finds."""

import numpy as np
import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import (
    DeltaCollector,
    Deltas,
    Regions,
    Tap,
    rank,
    rankable,
)


def net(stride=1, mode='zeros', width=6):
    torch.manual_seed(0)
    layers, channels = [], 3
    for i in range(3):
        layers += [
            nn.Conv2d(
                channels,
                width,
                3,
                stride=stride if i < 2 else 1,
                padding=1,
                padding_mode=mode,
            ),
            nn.ReLU(),
        ]
        channels = width
    return nn.Sequential(*layers).double().eval()


def images(n=9, height=16, width=16, seed=1):
    rng = torch.Generator().manual_seed(seed)
    shape = n, 3, height, width
    return torch.rand(shape, generator=rng, dtype=torch.float64)


def collect(model, data, batch=4, taps=('5',), indices=None, **kwargs):
    collector = DeltaCollector(model, taps, **kwargs)
    indices = list(range(len(data))) if indices is None else indices
    for first in range(0, len(indices), batch):
        chosen = indices[first : first + batch]
        part = data[chosen]
        collector.add(
            lambda change, part=part: model(change(part) if change else part),
            chosen,
            [f'images/town_{i}.png' for i in chosen],
        )
    return collector.deltas()


def test_eq_2_and_3_equal_their_literal_form():
    model, data = net(stride=2), images()
    (deltas,) = collect(model, data)
    with torch.no_grad():
        d = torch.stack(
            [
                (model(x[None]) - model(x[None].flip(3))).mean((0, 2, 3))
                for x in data
            ]
        ).numpy()
    overall = rank(deltas, 'overall', draws=0)
    np.testing.assert_allclose(overall.scores, abs(d).mean(0), atol=1e-7)
    assert overall.images == len(data)
    left, right = [0, 3, 4], [1, 2]
    regions = Regions(
        [f'town_{i}' for i in left], [f'val/a/town_{i}.png' for i in right]
    )
    scores = {
        kind: rank(deltas, kind, regions, draws=0).scores
        for kind in ('left', 'right', 'contrast', 'contrast_right')
    }
    dl, dr = d[left].mean(0), d[right].mean(0)
    np.testing.assert_allclose(scores['left'], dl, atol=1e-7)
    np.testing.assert_allclose(scores['right'], dr, atol=1e-7)
    np.testing.assert_allclose(scores['contrast'], dl - dr, atol=1e-7)
    assert (scores['contrast'] == -scores['contrast_right']).all()


def test_scores_do_not_depend_on_batch_size_or_processes():
    model, data = net(stride=2), images(10)
    (one,) = collect(model, data, batch=1)
    (four,) = collect(model, data, batch=4)
    parts = [
        collect(model, data, batch=2, indices=i)[0]
        for i in ([0, 2, 4, 6, 8, 0], [1, 3, 5, 7, 9, 1])
    ]
    merged = Deltas.merge(parts)
    assert merged.index.tolist() == list(range(10))
    assert list(merged.names) == list(one.names)
    for other in (four, merged):
        np.testing.assert_allclose(
            one.difference(), other.difference(), atol=1e-7
        )
        assert np.array_equal(
            rank(one, 'overall').order, rank(other, 'overall').order
        )


def test_a_process_that_has_only_images_of_others_takes_nothing_away():
    model, data = net(stride=2), images(2)
    (whole,) = collect(model, data, covariances=['x'])
    parts = []
    for index, others in ((0, set()), (1, {0}), (0, {0, 1})):
        collector = DeltaCollector(model, '5', covariances=['x'])
        collector.others = others
        image = data[index : index + 1]
        collector.add(
            lambda change, one=image: model(change(one) if change else one),
            [index],
        )
        parts += collector.deltas()
    assert 'maps' not in parts[2].recorded
    merged = Deltas.merge(parts)
    assert merged.recorded == whole.recorded
    for one, other in zip(
        [*whole.maps, *whole.moments], [*merged.maps, *merged.moments]
    ):
        for name, array in one.arrays.items():
            np.testing.assert_allclose(array, other.arrays[name])


def test_several_taps_in_one_pass_equal_each_alone():
    model, data = net(), images()
    together = collect(model, data, taps=('1', '5', '3'))
    for deltas, tap in zip(together, ('1', '5', '3')):
        (alone,) = collect(model, data, taps=(tap,))
        assert deltas.tap == Tap(tap)
        assert np.array_equal(deltas.vectors['flip'], alone.vectors['flip'])


@pytest.mark.parametrize('tap', ['10', Tap('10'), dict(path='10')])
def test_one_tap_needs_no_list(tap):
    model = nn.Sequential(*net(), *[nn.Tanh() for _ in range(6)])
    (deltas,) = collect(model, images(), taps=tap)
    assert deltas.tap == Tap('10')


def test_what_lies_behind_the_last_tap_is_not_run():
    model = net()
    model.append(nn.Conv2d(99, 1, 1))
    (deltas,) = collect(model, images(), taps=('1',))
    assert len(deltas) == 9


def test_symmetric_kernels_score_zero():
    model = net()
    for conv in model[::2]:
        conv.weight.data += conv.weight.data.flip(3)
    (deltas,) = collect(model, images())
    assert rank(deltas, 'overall').scores.max() < 1e-7


def test_circular_net_has_no_shift_score_but_an_eq_2_score():
    (deltas,) = collect(net(mode='circular'), images(), shift=(0, 5))
    assert rank(deltas, 'shift').scores.max() < 1e-7
    assert rank(deltas, 'overall').scores.max() > 1e-4
    (padded,) = collect(net(), images(), shift=(0, 5))
    assert rank(padded, 'shift').scores.max() > 1e-4


def test_location_equals_literal_eta_squared():
    model, data = net(stride=2), images(5, height=12, width=18)
    (deltas,) = collect(model, data, grid=3)
    scores = rank(deltas, 'location').scores
    pooled = np.zeros((5, 9, 6))
    for i, image in enumerate(data):
        small = image.reshape(3, 4, 3, 6, 3).mean((2, 4))
        for cell in range(9):
            top, left = 4 * (cell // 3), 6 * (cell % 3)
            canvas = torch.zeros_like(image)
            canvas[:, top : top + 4, left : left + 6] = small
            with torch.no_grad():
                z = model(canvas[None])
            pooled[i, cell] = z.mean((0, 2, 3)).numpy()
    centred = pooled - pooled.mean((0, 1))
    between = 5 * (pooled.mean(0) - pooled.mean((0, 1))) ** 2
    alive = scores > 0
    assert alive.sum() >= 3
    literal = between.sum(0)[alive] / (centred**2).sum((0, 1))[alive]
    np.testing.assert_allclose(scores[alive], literal, rtol=1e-4)
    assert (scores <= 1).all()


def test_location_asks_for_no_mirror_and_no_magnitude():
    data = images(8)
    (deltas,) = collect(net(mode='circular'), data, grid=4)
    assert rank(deltas, 'location').scores.max() < 1e-7
    (deltas,) = collect(WithCoordinate(), data, taps=('tap',), grid=4)
    ranking = rank(deltas, 'location')
    assert ranking.order[0] == 3
    factor = np.array([5, 0.5, 2, 1])
    scaled = {k: v * factor for k, v in deltas.vectors.items()}
    loud = Deltas(
        deltas.tap, deltas.widths, scaled, deltas.index, deltas.names
    )
    again = rank(loud, 'location')
    np.testing.assert_allclose(again.scores, ranking.scores, rtol=1e-9)
    for grid, message in ((1, 'tells no places'), (17, 'has no room')):
        with pytest.raises(InputError, match=message):
            collect(net(), data, grid=grid)


@pytest.mark.parametrize(
    ('stride', 'width', 'same'), [(1, 16, True), (2, 33, True), (2, 32, False)]
)
def test_kernel_flips_rank_as_eq_2_does_up_to_the_stride_phase(
    stride, width, same
):
    data = images(height=17, width=width)
    (deltas,) = collect(net(stride), data, kernel_flip=True)
    scores = [
        rank(deltas, kind).scores
        for kind in ('overall', 'kernel_flip', 'kernel_flip_pair')
    ]
    assert np.allclose(scores[0], scores[1], atol=1e-7) == same
    assert np.allclose(scores[0], scores[2], atol=1e-7) == same


def test_kernels_are_restored():
    model = net()
    before = [p.clone() for p in model.parameters()]
    collect(model, images(), kernel_flip=True)
    assert all(map(torch.equal, before, model.parameters()))
    assert not any(m._forward_hooks for m in model.modules())


class WithCoordinate(nn.Module):
    """Adds a channel that fires on the left half, seen through the image."""

    def __init__(self):
        super().__init__()
        self.tap = nn.Identity()

    def forward(self, x):
        columns = torch.linspace(1, 0, x.shape[3], dtype=x.dtype)
        return self.tap(torch.cat([x, x.mean(1, keepdim=True) * columns], 1))


def test_a_coordinate_channel_ranks_first():
    data = images()
    data[..., :8] *= 2
    (deltas,) = collect(WithCoordinate().eval(), data, taps=('tap',))
    for kind in ('overall', 'scale_free'):
        assert rank(deltas, kind).order[0] == 3
    bright_right = collect(WithCoordinate(), data.flip(3), taps=('tap',))[0]
    assert rank(bright_right, 'overall').order[0] == 3


def test_left_and_right_are_told_apart_by_contrast():
    data = images(8)
    data[:4, ..., :8] *= 2
    data[4:, ..., 8:] *= 2
    (deltas,) = collect(WithCoordinate(), data, taps=('tap',))
    regions = Regions(
        [f'town_{i}' for i in range(4)], [f'town_{i}' for i in range(4, 8)]
    )
    assert rank(deltas, 'left', regions).order[0] == 3
    assert rank(deltas, 'right', regions).order[-1] == 3
    assert rank(deltas, 'contrast', regions).order[0] == 3


def test_scale_free_ignores_magnitude_and_dead_channels():
    model, data = net(stride=2), images()
    (deltas,) = collect(model, data)
    before = rank(deltas, 'scale_free')
    scaled = dict(deltas.vectors)
    factor = np.array([1, 3, 0.5, 2, 1, 1], np.float32)
    scaled = {k: v * factor for k, v in deltas.vectors.items()}
    loud = Deltas(
        deltas.tap, deltas.widths, scaled, deltas.index, deltas.names
    )
    after = rank(loud, 'scale_free')
    np.testing.assert_allclose(before.scores, after.scores, rtol=1e-5)
    dead = {k: v * [1, 1, 1e-6, 1, 1, 1] for k, v in deltas.vectors.items()}
    quiet = Deltas(deltas.tap, deltas.widths, dead, deltas.index, deltas.names)
    assert rank(quiet, 'scale_free').scores[2] == 0


def test_rankings_carry_error_bars_means_and_provenance():
    model, data = net(stride=2), images(12)
    collector = DeltaCollector(model, ['5'])
    collector.add(lambda c: model(c(data) if c else data), range(12))
    (deltas,) = collector.deltas(dataset='toy', checkpoint_sha256='ab')
    ranking = rank(deltas, 'overall', draws=100)
    assert (ranking.notes['low'] <= ranking.scores).all()
    assert (ranking.notes['high'] >= ranking.scores).all()
    assert -1 <= ranking.notes['stability']['kendall'] <= 1
    assert ranking.dataset == 'toy'
    assert ranking.checkpoint_sha256 == 'ab'
    with torch.no_grad():
        means = model(data).mean((0, 2, 3)).numpy()
    np.testing.assert_allclose(ranking.means, means, rtol=1e-5)
    assert rank(deltas, 'overall', draws=0).notes == {}


def test_kinds_follow_from_what_was_recorded():
    (deltas,) = collect(
        net(), images(4), kernel_flip=True, shift=(0, 2), grid=2
    )
    regions = Regions(['town_0'], ['town_1'])
    assert set(rankable(deltas, regions)) == {
        'overall',
        'scale_free',
        'magnitude',
        'left',
        'right',
        'contrast',
        'contrast_right',
        'kernel_flip',
        'kernel_flip_pair',
        'shift',
        'location',
        'residual',
        'relocation',
        'border',
        'information',
        *(f'anova{axis}' for axis in ('', '_x', '_y')),
        *(f'ramp{axis}' for axis in ('', '_x', '_y', '_radius')),
    }
    for kind in rankable(deltas, regions):
        assert rank(deltas, kind, regions, draws=20).channels == 6


@pytest.mark.parametrize(('number', 'known'), [(1, False), (2, True)])
def test_one_image_is_too_few_for_scores_of_maps(number, known):
    (deltas,) = collect(net(), images(number))
    assert ('maps' in deltas.recorded) == known
    assert ('ramp_x' in rankable(deltas)) == known
    for kind in rankable(deltas):
        assert rank(deltas, kind, draws=0).channels == 6


def test_bad_passes_say_what_is_wrong():
    model, data = net(), images(4)
    with pytest.raises(InputError, match='at least one tap'):
        DeltaCollector(model, [])
    with pytest.raises(InputError, match='no module'):
        DeltaCollector(model, ['99'])
    with pytest.raises(InputError, match='the data set is empty'):
        DeltaCollector(model, ['5']).deltas()
    data[1, 0, 0, 0] = float('nan')
    with pytest.raises(InputError, match=r'"images/town_1.png" holds NaN'):
        collect(model, data)
    model.idle = nn.Identity()
    with pytest.raises(InputError, match="never went through .'idle'"):
        DeltaCollector(model, ['idle']).add(lambda c: model[:2](data), [0])
    (deltas,) = collect(model, images(4))
    for regions, message in (
        (Regions(), 'must be known'),
        (Regions(left=['nowhere']), 'were not in the data set'),
        (Regions(left=[]), 'list of images is empty'),
    ):
        with pytest.raises(InputError, match=message):
            rank(deltas, 'left', regions)
    with pytest.raises(InputError, match='Did you mean "overall"'):
        rank(deltas, 'overal')
    for kind in ('shift', 'location'):
        with pytest.raises(InputError, match='another pass'):
            rank(deltas, kind)
