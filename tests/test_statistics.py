import numpy as np
import pytest
from scipy import stats

from mmchanpos import statistics
from mmchanpos.errors import InputError
from mmchanpos.statistics import (
    Comparison,
    bootstrap_interval,
    on_same_images,
    one_against_sample,
    over_trainings,
    rank_correlation,
    resampled_means,
    resamples,
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


def test_many_images_are_resampled_in_parts_to_the_same_numbers(monkeypatch):
    samples = np.random.default_rng(0).random((40, 3))
    whole = resampled_means(samples, 25)
    monkeypatch.setattr(statistics, '_WEIGHTS', 7 * 40)
    np.testing.assert_allclose(resampled_means(samples, 25), whole, rtol=1e-12)


def test_weights_of_resamples_give_their_means():
    samples = np.random.default_rng(0).random((40, 3))
    weights = np.concatenate([*resamples(40, 25)])
    assert weights.sum(1).tolist() == [40] * 25
    means = resampled_means(samples, 25)
    np.testing.assert_allclose(weights @ samples / 40, means, rtol=1e-12)


def test_a_statistic_of_means_is_resampled_as_a_whole():
    areas = np.random.default_rng(0).random((50, 2)) + [[1.0, 2.0]]
    low, high = bootstrap_interval(areas, lambda m: m[0] / m[1])
    assert low < areas[:, 0].sum() / areas[:, 1].sum() < high


def test_on_the_same_images_percentiles_decide():
    resampled = np.linspace(-1.0, 3.0, 401)
    found = on_same_images(1.0, np.append(resampled, np.nan))
    assert (found.low, found.high) == pytest.approx((-0.9, 2.9))
    # 101 of 401 resamples are 0 or less.
    assert found.p_value == pytest.approx(2 * 102 / 402)
    assert found.answer == 'not more'
    assert on_same_images(1.0, resampled + 2).answer == 'more'
    assert on_same_images(-4.0, resampled - 4).answer == 'less'
    unknown = on_same_images(1.0, np.array([np.nan]))
    assert (unknown.p_value, unknown.answer) == (1.0, 'not more')


def test_one_case_is_tested_as_crawford_and_howell_do():
    draws = np.array([10.0, 12.0, 9.0, 11.0, 13.0])
    case = 18.0
    found = one_against_sample(case - draws)
    # Their t = (case - mean) / (sd * sqrt((n + 1) / n)) with n - 1 degrees.
    t = (18 - 11) / (np.sqrt(2.5) * np.sqrt(6 / 5))
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, 4))
    assert (found.difference, found.draws, found.reached) == (7.0, 5, 0)
    assert found.low < 7 < found.high
    assert one_against_sample(12.5 - draws).reached == 1


def test_uncertain_images_make_one_case_less_sure():
    apart = 18 - np.array([10.0, 12.0, 9.0, 11.0, 13.0])
    sure = one_against_sample(apart)
    images = np.random.default_rng(0).normal(7, 3, 2000)
    unsure = one_against_sample(apart, images)
    assert unsure.p_value > sure.p_value
    assert unsure.high - unsure.low > sure.high - sure.low


def test_one_case_out_of_the_same_sample_is_found_one_time_in_twenty():
    rng = np.random.default_rng(0)
    cases = rng.normal(size=(4000, 7))
    found = [one_against_sample(c[0] - c[1:]).p_value < 0.05 for c in cases]
    assert 0.04 < np.mean(found) < 0.06


def test_too_few_draws_and_equal_draws():
    one = one_against_sample(np.array([3.0]))
    assert (one.answer, one.draws) == ('not more', 1)
    assert np.isnan(one.low)
    equal = one_against_sample(np.array([3.0, 3.0]))
    assert (equal.low, equal.high, equal.answer) == (3.0, 3.0, 'more')
    assert one_against_sample(np.zeros(3)).answer == 'not more'


def test_a_new_training_falls_into_the_interval_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = []
    for values in rng.normal(2.0, 1.5, (2000, 5)):
        trend = over_trainings(values[:4])
        inside.append(trend.low < values[4] < trend.high)
    assert 0.935 < np.mean(inside) < 0.965


def test_a_trend_is_a_t_test_over_trainings():
    values = [3.1, 4.0, 2.2, 5.3, 1.9]
    trend = over_trainings(values)
    assert trend.p_value == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert trend.mean == pytest.approx(3.3)
    assert (len(trend.values), trend.sure, trend.answer) == (5, 5, 'more')
    assert trend.in_trainings() == 'in 5 of 5 trainings'
    assert over_trainings([-v for v in values]).answer == 'less'
    assert over_trainings([1.0, -1.0, 0.5]).answer == 'not more'


def test_a_trend_counts_clear_trainings_and_averages_differences():
    found = [
        Comparison(5.0, 3.0, 7.0, 0.001),
        Comparison(1.0, -1.0, 3.0, 0.4),
        Comparison(4.0, 1.0, 7.0, 0.01),
        Comparison(-4.0, -7.0, -1.0, 0.01),
    ]
    trend = over_trainings(found)
    assert trend.in_trainings() == 'in 2 of 4 trainings'
    assert trend.values == (5.0, 1.0, 4.0, -4.0)
    assert trend.mean == 1.5


def test_one_training_proves_nothing_about_another():
    trend = over_trainings([Comparison(5.0, 3.0, 7.0, 0.001)])
    assert (trend.answer, trend.p_value) == ('not more', 1.0)
    assert np.isnan([trend.low, trend.high]).all()
    assert trend.in_trainings() == 'in one training'
    assert trend.interval() == 'one training, +5.00'
    assert over_trainings([-1.0]).in_trainings() == 'not in one training'


def test_a_training_without_a_number_leaves_it_open():
    trend = over_trainings([1.0, np.nan, 2.0])
    assert (trend.answer, trend.p_value) == ('not more', 1.0)
    assert trend.in_trainings() == 'in 2 of 3 trainings'


def test_trainings_that_agree_to_the_last_digit():
    assert over_trainings([2.0, 2.0]).answer == 'more'
    assert over_trainings([0.0, 0.0]).answer == 'not more'


def test_correlation_of_the_same_the_opposite_and_a_constant():
    scores = np.random.default_rng(0).random(50)
    assert rank_correlation(scores, 2 * scores)['kendall'] == pytest.approx(1)
    assert rank_correlation(scores, -scores)['spearman'] == pytest.approx(-1)
    assert rank_correlation(scores, np.zeros(50))['spearman'] == 0


def test_bad_samples_are_refused():
    with pytest.raises(InputError, match='nothing to take statistics of'):
        bootstrap_interval(np.zeros((0, 3)))
    with pytest.raises(InputError, match='nothing to take statistics of'):
        over_trainings([])
    with pytest.raises(InputError, match='not comparable'):
        rank_correlation(np.zeros(3), np.zeros(4))


def test_one_draw_has_no_interval_and_says_so():
    found = one_against_sample(np.array([3.0]))
    assert found.interval() == 'no interval, p = 1'
