"""Kept latents, and the study of a segmentor whose answer is known."""

import numpy as np
import pytest
import torch

from mmchanpos.latent import collect
from mmchanpos.latent.cached import PLACES, Cached, without
from mmchanpos.latent.coordinates import coordinates
from mmchanpos.latent.study import _greedy, importance, study

CHANNELS = 12


class Planted(torch.nn.Module):
    """Content in every channel, and y in channel 0, which the head needs."""

    def forward(self, image):
        height, width = image.shape[2:]
        y = torch.as_tensor(coordinates(height, width))[1].float()
        maps = 0.2 * image.abs()
        maps[:, 0] = (1 + y).expand(len(image), -1, -1)
        maps[:, -1] = 0
        return maps


def head(z):
    """Class 1 below the middle; where channel 1 is high class 2."""
    scores = torch.stack([1 + 0 * z[:, 0], z[:, 0], 8 * z[:, 1]], 1)
    return 4 * scores


def cached(n=24):
    rng = torch.Generator().manual_seed(0)
    images = torch.randn(n, CHANNELS, 8, 8, generator=rng)
    net = torch.nn.Sequential(Planted()).eval()
    whole = Cached(net(images), torch.zeros(n, 8, 8, dtype=torch.long), head)
    truth = head(whole.latents).argmax(1)
    whole = Cached(whole.latents, truth, head)
    (deltas,) = collect(
        net, images[: n // 2].split(5), ['0'], covariances=('x', 'y')
    )
    last = range(n // 2, n)
    displaced = {
        name: Cached(net(change(images)), change(truth), head).part(last)
        for name, change in PLACES.items()
    }
    return whole.part(range(n // 2)), whole.part(last), displaced, deltas


def test_areas_and_score_equal_a_literal_count():
    fitted, *_ = cached()
    areas = fitted.areas(without([1]))
    said = head(without([1])(fitted.latents)).argmax(1)
    for i, c in np.ndindex(len(fitted), 3):
        one, two = said[i] == c, fitted.labels[i] == c
        literal = [(one & two).sum(), one.sum(), two.sum()]
        assert areas[i, :, c].tolist() == [int(n) for n in literal]
    assert fitted.score() == pytest.approx(100)


def test_losses_are_those_of_the_head():
    fitted, *_ = cached()
    z, loss = next(fitted.losses())
    expected = torch.nn.functional.cross_entropy(head(z), fitted.labels[:8])
    torch.testing.assert_close(loss(z).mean(), expected)


def test_importance_finds_what_the_head_reads():
    fitted, *_ = cached()
    for name, scores in importance(fitted).items():
        if name != 'taylor':
            assert set(np.argsort(-np.abs(scores))[:2]) == {0, 1}, name


def test_greedy_takes_what_costs_most_beside_what_is_off():
    def reader(z):
        """Channels 0 and 1 only count together, channel 3 does not."""
        scores = [z[:, 0] * z[:, 1], 0.4 * z[:, 2], 0.1 + 0 * z[:, 3]]
        return 8 * torch.stack(scores, 1)

    rng = torch.Generator().manual_seed(0)
    latents = torch.rand(8, 4, 5, 5, generator=rng)
    few = Cached(latents, reader(latents).argmax(1), reader)
    alone = importance(few)['removal']
    assert alone[0] == pytest.approx(alone[1])
    assert min(alone[:2]) > alone[2] > alone[3]
    assert _greedy(few, alone, range(4), 2) in ([0, 2], [1, 2])
    # Twice as many as it takes are tried: what costs most alone, and lives.
    assert _greedy(few, np.array([1, 0, 0, 2]), range(4), 1) == [0]
    assert _greedy(few, np.array([0, 0, 1, 2]), range(4), 1) == [2]
    assert _greedy(few, np.array([9, 0, 1, 2]), range(1, 4), 1) == [2]


def test_the_study_finds_the_channel_that_position_matters_for():
    parts = cached()
    moved = PLACES['rolled down'](parts[1].latents)
    found = study(*parts, moved)
    assert found['live'] == CHANNELS - 1
    top = str(found['tops'][0])
    for kind in ('anova', 'anova_y', 'ramp', 'ramp_y'):
        row = found['kinds'][kind][top]
        assert row['harm'] > 10
        assert row['matched']['difference'] > 5
        assert row['relocate'] > 5
    # The other way round the truth lies where the net does not look for it.
    assert found['displaced']['upside down'] < 60
    lost = found['kinds']['ramp_y'][top]['displaced']['upside down']
    assert lost['difference'] > 10
    assert lost['low'] > 0
    across = found['kinds']['ramp_y'][top]['displaced']['rolled across']
    assert abs(across['difference']) < lost['difference'] / 2
    harms = [found['greedy'][str(t)]['harm'] for t in found['tops']]
    assert harms[-1] >= found['kinds']['anova'][str(found['tops'][-1])]['harm']
    rows = {(r['kind'], r['top']): r for r in found['erasers']}
    assert rows['nothing', 0]['y'] > 0.99
    assert rows['leace', 2]['y'] < 0.05
    assert rows['random_subspace', 2]['y'] > 0.9
    zeroed = [r for r in found['erasers'] if r['kind'] == 'ramp zeroed']
    assert zeroed[-1]['y'] <= 0.05
