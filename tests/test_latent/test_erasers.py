"""What erasers take away, and that nothing of it can be read any more."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation, Tap, ablate, collect, rank
from mmchanpos.latent.controls import choose_ranking
from mmchanpos.latent.coordinates import coordinates
from mmchanpos.latent.erasers import (
    ERASERS,
    erase,
    load_erasers,
    save_erasers,
    usual_erasers,
)
from mmchanpos.latent.moments import Moments
from mmchanpos.latent.plan import plan_sweep
from mmchanpos.latent.readout import residual_r2
from mmchanpos.latent.replay import LatentReplay

XY = ('x', 'y')


def mixture(n=12, channels=6, seed=0, noise=0.1):
    """x and y mixed into all channels, content in all of them too."""
    rng = torch.Generator().manual_seed(seed)
    fixed = torch.Generator().manual_seed(99)
    where = torch.as_tensor(coordinates(8, 8))
    mix = torch.randn(channels, 2, generator=fixed).double()
    content = torch.randn(n, channels, 8, 8, generator=rng).double()
    position = torch.einsum('ct,thw->chw', mix, where)
    return position + noise * content + 3


def counted(data, batch=5):
    moments = Moments()
    for part in data.split(batch):
        moments.add(part)
    return moments


def test_moments_equal_numpy_and_merge():
    data = mixture()
    rows = data.movedim(1, -1).reshape(-1, 6).numpy()
    y = np.tile(coordinates(8, 8).reshape(2, -1).T, (12, 1))
    both = np.cov(rows.T, y.T, bias=True)
    merged = Moments.merge([counted(data[:5]), counted(data[5:]), Moments()])
    for found in (counted(data), merged):
        np.testing.assert_allclose(found.mean, rows.mean(0))
        np.testing.assert_allclose(found.covariance, both[:6, :6])
        np.testing.assert_allclose(found.cross, both[:6, 6:], atol=1e-12)
        np.testing.assert_allclose(found.of_targets, both[6:, 6:], atol=1e-12)


def test_residual_r2_equals_least_squares_on_other_images():
    fit, test = mixture(seed=1, noise=2), mixture(seed=2, noise=2)
    rows = [d.movedim(1, -1).reshape(-1, 6).numpy() for d in (fit, test)]
    y = np.tile(coordinates(8, 8).reshape(2, -1).T, (12, 1))
    design = [np.hstack([r, np.ones((len(r), 1))]) for r in rows]
    weights = np.linalg.lstsq(design[0], y, rcond=None)[0]
    error = ((design[1] @ weights - y) ** 2).mean(0) / y.var(0)
    found = residual_r2(counted(fit), counted(test))
    np.testing.assert_allclose(found, 1 - error)


def test_leace_erases_a_mixture_at_its_rank_zeroing_with_its_last_channel():
    fit, test = counted(mixture(seed=1)), counted(mixture(seed=2))
    assert (residual_r2(fit, test) > 0.95).all()
    whole = erase('leace', fit)
    assert whole.rank == 2
    assert (residual_r2(fit, eraser=whole) < 1e-9).all()
    assert (residual_r2(fit, test, whole) < 0.02).all()
    half = residual_r2(fit, test, whole.top(1))
    assert half.min() < 0.02
    assert half.max() > 0.5
    keep = np.ones(6, dtype=bool)
    for channel in range(5):
        keep[channel] = False
        assert residual_r2(fit, test, keep=keep).max() > 0.5
    keep[:] = False
    assert (residual_r2(fit, test, keep=keep) == 0).all()


def test_leace_leaves_what_position_is_not_read_from():
    data = mixture()
    data = torch.cat([data, mixture(seed=5, noise=1) * 0 + 1], 1)
    data[:, 6:] += torch.randn(data[:, 6:].shape, dtype=torch.float64)
    eraser = erase('leace', counted(data))
    # A channel of content alone is hardly touched, one of position is.
    change = abs(eraser.out @ eraser.read).sum(1)
    assert change[6:].max() < 0.2 * change[:6].max()


def test_svd_erases_where_a_random_subspace_does_not():
    fit, test = mixture(seed=1), counted(mixture(seed=2))
    moments = counted(fit)
    by_maps = erase('svd', moments, maps=fit.mean(0).numpy())
    left = residual_r2(moments, test, by_maps.top(2))
    drawn = erase('random_subspace', moments)
    assert drawn.rank == 2
    control = residual_r2(moments, test, drawn)
    assert left.max() < 0.35
    assert (control > left + 0.3).all()


def test_rasa_needs_more_directions_the_more_channels_know():
    fit, test = counted(mixture(seed=1)), counted(mixture(seed=2))
    left = [
        residual_r2(fit, test, erase('rasa', fit, rank=rank)).max()
        for rank in (2, 4, 6)
    ]
    assert left[0] > left[1] > left[2]
    assert left[2] < 1e-9
    whole = erase('rasa', fit)
    np.testing.assert_allclose(whole.read @ whole.out, np.eye(6), atol=1e-9)


def test_every_eraser_is_a_projection_and_keeps_the_mean():
    moments = counted(mixture())
    maps = mixture().mean(0).numpy()
    for kind in ERASERS:
        options = dict(maps=maps) if kind == 'svd' else {}
        eraser = erase(kind, moments, **options).top(2)
        matrix = eraser.matrix
        np.testing.assert_allclose(matrix @ matrix, matrix, atol=1e-8)
        assert np.linalg.matrix_rank(matrix, tol=1e-6) == 4
        np.testing.assert_allclose(eraser.mean, moments.mean)


def test_channels_that_are_dead_or_copies_do_no_harm():
    data = mixture()
    data = torch.cat([data, 0 * data[:, :1], data[:, :1]], 1)
    eraser = erase('leace', counted(data))
    assert np.isfinite(eraser.matrix).all()
    assert (residual_r2(counted(data), eraser=eraser) < 1e-9).all()


def test_directions_of_maps_need_maps():
    with pytest.raises(InputError, match='"svd" needs maps'):
        erase('svd', counted(mixture()))


def test_what_does_not_fit_is_named():
    moments = counted(mixture())
    with pytest.raises(InputError, match='Did you mean "leace"'):
        erase('leaze', moments)
    with pytest.raises(InputError, match='3 directions'):
        erase('leace', moments).top(3)
    with pytest.raises(InputError, match='targets'):
        Moments(['z'])
    with pytest.raises(InputError, match='no maps were counted'):
        _ = Moments().mean


def reading_net():
    """A latent that two convolutions and, later, a pooling read."""
    torch.manual_seed(0)
    return torch.nn.ModuleDict(
        dict(
            body=torch.nn.Sequential(
                torch.nn.Conv2d(3, 6, 3, padding=1), torch.nn.ReLU()
            ),
            one=torch.nn.Conv2d(6, 4, 3, padding=1),
            two=torch.nn.Conv2d(6, 2, 3, padding=2, dilation=2),
        )
    ).eval()


class Reader(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = reading_net()

    def forward(self, image):
        z = self.parts['body'](image)
        both = [self.parts[n](z) for n in ('one', 'two')]
        return torch.cat([*both, z.mean((2, 3), keepdim=True) + 0 * z], 1)


def test_an_ablation_by_an_eraser_leaves_nothing_to_read():
    net, images = Reader(), torch.rand(6, 3, 8, 8)
    (found,) = collect(net, images.split(2), ['parts.body'], covariances=XY)
    erasers = {eraser.kind: eraser for eraser in usual_erasers(found)}
    tap = erasers['leace'].place
    assert tap == Tap('parts.body')
    left = {}
    for top in (0, 1, 2):
        ablation = Ablation(erasers['leace'], top=top)
        latents = []
        with torch.no_grad(), ablate(net, tap, ablation):
            hook = net.parts['one'].register_forward_pre_hook(
                lambda layer, inputs, into=latents: into.append(inputs[0])
            )
            net(images)
            hook.remove()
        left[top] = residual_r2(counted(latents[0].double())).sum()
    assert left[0] > left[1] > left[2]
    assert left[2] < 1e-6


@pytest.mark.parametrize('kind', ERASERS)
def test_replay_of_an_eraser_is_exact(kind):
    net, images = Reader(), torch.rand(4, 3, 8, 8)
    (found,) = collect(net, [images], ['parts.body'], covariances=XY)
    erasers = {eraser.kind: eraser for eraser in usual_erasers(found)}
    replay = LatentReplay(net, 'parts.body')
    whole = replay.record(lambda: net(images))
    for top in (2, 1, 0):
        ablation = Ablation(erasers[kind], top=top)
        out = replay.run(lambda: net(images), ablation)
        with torch.no_grad(), ablate(net, 'parts.body', ablation):
            torch.testing.assert_close(out, net(images))
        assert torch.allclose(out, whole, atol=1e-4) == (top == 0)


def test_erasers_are_kept_in_a_file_and_told_apart(tmp_path):
    (found,) = collect(
        Reader(), [torch.rand(4, 3, 8, 8)], ['parts.body'], covariances=XY
    )
    erasers = usual_erasers(found)
    save_erasers(tmp_path / 'erasers.npz', erasers)
    again = load_erasers(tmp_path / 'erasers.npz')
    assert [e.kind for e in again] == list(ERASERS)
    assert [e.digest for e in again] == [e.digest for e in erasers]
    assert len({e.digest for e in erasers}) == len(erasers)
    assert again[0].place == Tap('parts.body')
    chosen = choose_ranking(tmp_path / 'erasers.npz', 'rasa')
    assert chosen.kind == 'rasa'
    with pytest.raises(InputError, match='no eraser "leaze"'):
        choose_ranking(tmp_path / 'erasers.npz', 'leaze')
    ablation = Ablation(chosen, top=2)
    assert ablation.name == 'rasa top 2'
    assert ablation.as_dict() == dict(
        kind='rasa', value='erase', start=0, stop=2
    )
    assert ablation.count(torch.zeros(1, 6, 2, 2)) == 2
    with pytest.raises(InputError, match='one level of 6 channels'):
        ablation.indices((3, 3))
    with pytest.raises(InputError, match='number of directions'):
        Ablation(chosen, start=0, stop=2)


def test_a_sweep_takes_directions_beside_channels():
    (found,) = collect(
        Reader(), [torch.rand(4, 3, 8, 8)], ['parts.body'], covariances=XY
    )
    rankings = [rank(found, kind, draws=0) for kind in ('overall', 'anova')]
    plan = plan_sweep(
        rankings,
        tops=[2],
        random=1,
        matched=0,
        erasers=usual_erasers(found),
        ranks=(1, 2, 99),
    )
    names = [ablation.name for ablation in plan]
    assert names[:3] == ['random top 0', 'overall top 2', 'random top 2']
    assert names[3:5] == ['leace top 1', 'leace top 2']
    assert len({ablation.effect((6,)) for ablation in plan}) == len(plan)
