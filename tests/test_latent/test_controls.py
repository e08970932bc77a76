import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent import (
    ChannelRanking,
    matched_ranking,
    random_ranking,
    save_rankings,
)
from mmchanpos.latent.controls import choose_ranking


def test_the_random_control_is_the_same_in_every_version():
    # A control that changed would change every verdict in silence.
    assert random_ranking(8, seed=0).order.tolist() == [2, 4, 3, 6, 5, 0, 1, 7]
    about = dict(tap='neck', widths=(3, 5), dead=[7, 2])
    ranking = random_ranking(8, seed=0, **about)
    assert ranking.order.tolist() == [4, 3, 6, 5, 0, 1, 2, 7]
    assert (ranking.tap, ranking.widths, ranking.seed) == ('neck', (3, 5), 0)


def test_random_rankings_depend_on_the_seed_alone():
    np.random.seed(1)
    first = random_ranking(50, seed=3).order
    np.random.seed(2)
    assert np.array_equal(first, random_ranking(50, seed=3).order)
    assert not np.array_equal(first, random_ranking(50, seed=4).order)


@pytest.mark.parametrize('channels', [1, 2, 3, 400])
def test_matched_channels_are_a_permutation_near_in_magnitude(channels):
    rng = np.random.default_rng(0)
    magnitude = rng.lognormal(size=channels)
    target = ChannelRanking.from_scores('overall', rng.random(channels))
    matched = matched_ranking(target, magnitude, seed=1)
    assert sorted(matched.order) == list(range(channels))
    if channels > 3:
        top = channels // 4
        place = np.argsort(np.argsort(magnitude))
        gap = place[target.top(top)] - place[matched.top(top)]
        assert np.abs(gap).mean() < 10
        assert not np.any(target.order[:top] == matched.order[:top])
        other = matched_ranking(target, magnitude, seed=2)
        assert not np.array_equal(other.order, matched.order)


def test_no_channel_stands_for_itself_and_the_nearest_are_drawn():
    magnitude = np.array([0.0, 1, 2, 3, 100, 101, 102, 103])
    target = ChannelRanking('overall', [4, 5, 0, 1, 2, 3, 6, 7])
    for seed in range(20):
        matched = matched_ranking(target, magnitude, seed)
        assert matched.notes == {'matches': 'overall'}
        assert all(matched.order[:7] != target.order[:7])


def test_magnitudes_of_another_width_or_nan_are_refused():
    target = ChannelRanking('overall', range(3))
    for magnitude in ([1, 2], [1, 2, float('nan')]):
        with pytest.raises(InputError, match='do not fit the 3 channels'):
            matched_ranking(target, magnitude)


def test_a_file_gives_a_ranking_of_its_own_or_draws_one(tmp_path):
    path = tmp_path / 'ranking.json'
    overall = ChannelRanking.from_scores('overall', range(30), tap='neck')
    save_rankings(path, [overall])
    assert choose_ranking(path).kind == 'overall'
    random = choose_ranking(path, 'random', seed=3)
    assert (random.kind, random.tap, random.seed) == ('random', 'neck', 3)
    with pytest.raises(InputError, match='"magnitude" are wanted'):
        choose_ranking(path, 'matched')
    size = ChannelRanking.from_scores('magnitude', range(30, 0, -1))
    save_rankings(path, [overall, size])
    matched = choose_ranking(path, 'matched', seed=3)
    wanted = matched_ranking(overall, size.scores, seed=3)
    assert np.array_equal(matched.order, wanted.order)
    with pytest.raises(InputError, match='has no ranking "left"'):
        choose_ranking(path, 'left')
