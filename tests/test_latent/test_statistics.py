import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.latent.statistics import (
    bootstrap_interval,
    overlap,
    paired_test,
    rank_correlation,
    resampled_means,
    split_half,
)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = []
    for trial in range(200):
        sample = rng.normal(3.0, 1.0, 60)
        low, high = bootstrap_interval(sample, draws=300, seed=trial)
        covered.append(low <= 3.0 <= high)
    assert 0.88 < np.mean(covered) < 0.99


def test_means_of_resamples_average_to_the_mean():
    samples = np.random.default_rng(0).random((40, 3, 2))
    means = resampled_means(samples, 2000)
    assert means.shape == (2000, 3, 2)
    np.testing.assert_allclose(means.mean(0), samples.mean(0), atol=0.01)


def test_a_statistic_of_means_is_resampled_as_a_whole():
    areas = np.random.default_rng(0).random((50, 2)) + [[1.0, 2.0]]
    low, high = bootstrap_interval(areas, lambda m: m[0] / m[1])
    assert low < areas[:, 0].sum() / areas[:, 1].sum() < high


def test_no_difference_is_not_found_and_a_real_one_is():
    rng = np.random.default_rng(0)
    images = rng.normal(size=100)
    noise = [images + 0.1 * rng.normal(size=100) for _ in range(6)]
    false = [
        paired_test(images + 0.1 * rng.normal(size=100), noise, seed=i).p_value
        for i in range(20)
    ]
    assert np.mean(np.array(false) < 0.05) <= 0.2
    found = paired_test(images - 0.2, noise)
    assert found.p_value < 0.01
    assert found.low < -0.2 < found.high < 0
    assert found.difference == pytest.approx(-0.2, abs=0.03)


def test_the_interval_counts_the_spread_between_draws():
    images = np.random.default_rng(0).normal(size=100)
    alike = paired_test(images, [images - 0.1] * 4)
    apart = paired_test(images, [images - 0.1 + d for d in (-1, -0.3, 0.3, 1)])
    assert alike.high - alike.low < 0.01
    assert apart.high - apart.low > 0.5
    assert apart.difference == pytest.approx(alike.difference)


def test_correlation_of_the_same_the_opposite_and_a_constant():
    scores = np.random.default_rng(0).random(50)
    assert rank_correlation(scores, 2 * scores)['kendall'] == pytest.approx(1)
    assert rank_correlation(scores, -scores)['spearman'] == pytest.approx(-1)
    assert rank_correlation(scores, np.zeros(50))['spearman'] == 0


def test_overlap_is_compared_with_chance():
    rng = np.random.default_rng(0)
    orders = [rng.permutation(2048) for _ in range(400)]
    shared = [overlap(orders[0], o, 100)['shared'] for o in orders[1:]]
    chance = overlap(orders[0], orders[1], 100)['chance']
    assert chance == pytest.approx(4.88, abs=0.01)
    assert np.mean(shared) == pytest.approx(chance, abs=0.4)
    assert overlap(orders[0], orders[0], 100)['p_value'] < 1e-9


def test_halves_agree_on_signal_and_not_on_noise():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, 40))
    assert abs(split_half(noise)['spearman']) < 0.2
    assert split_half(noise + 5 * np.arange(40))['spearman'] > 0.99


def test_bad_samples_are_refused():
    with pytest.raises(InputError, match='no images'):
        bootstrap_interval(np.zeros((0, 3)))
    with pytest.raises(InputError, match='same images'):
        paired_test(np.zeros(3), [np.zeros(4)])
    with pytest.raises(InputError, match='same images'):
        paired_test(np.zeros(3), [])
    with pytest.raises(InputError, match='not comparable'):
        rank_correlation(np.zeros(3), np.zeros(4))
    with pytest.raises(InputError, match='in halves'):
        split_half(np.zeros((1, 4)))
