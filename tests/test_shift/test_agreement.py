"""Consistency from cached predictions."""

from itertools import product

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.shift import (
    PRESETS,
    LatentSpread,
    ShiftProtocol,
    agreement,
    curve,
    get_preset,
    latent_scores,
    measure,
    resolve,
    stability_map,
)


@pytest.fixture
def cache():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 60)
    noise = rng.integers(0, 5, (60, 25))
    right = rng.random((60, 25)) < rng.random((60, 1))
    return np.where(right, labels[:, None], noise), labels


@pytest.mark.parametrize('agree', [2, 3])
@pytest.mark.parametrize('distinct', [True, False])
def test_equals_counting_every_group(cache, agree, distinct):
    predictions, labels = cache
    predictions = predictions[:8, :7]
    for row, got, faithful in zip(
        range(8),
        agreement(predictions, agree, distinct),
        agreement(predictions, agree, distinct, labels[:8]),
    ):
        groups = [
            g
            for g in product(range(7), repeat=agree)
            if not distinct or len(set(g)) == agree
        ]
        votes = [predictions[row, list(g)] for g in groups]
        same = [len(set(v)) == 1 for v in votes]
        right = [s and v[0] == labels[row] for s, v in zip(same, votes)]
        assert got == pytest.approx(np.mean(same))
        assert faithful == pytest.approx(np.mean(right))


@pytest.mark.parametrize('agree', [2, 3])
def test_few_draws_estimate_the_exact_value_without_bias(cache, agree):
    predictions, _ = cache
    exact = agreement(predictions, agree, distinct=False).mean()
    rng = np.random.default_rng(1)
    found = []
    for _ in range(1500):
        columns = rng.integers(0, 25, (60, 4))
        drawn = np.take_along_axis(predictions, columns, 1)
        found.append(agreement(drawn, agree).mean())
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - exact) < 4 * error


def test_draws_without_repetition_estimate_different_pairs(cache):
    predictions, _ = cache
    test = ShiftProtocol(max_shift=2, num_shifts=3, exclude_identical=True)
    exact = agreement(predictions, distinct=True).mean()
    found = []
    for seed in range(400):
        test = ShiftProtocol(
            max_shift=2, num_shifts=3, exclude_identical=True, seed=seed
        )
        drawn = test.draw(np.arange(60)) + 2
        columns = (drawn[..., 0] * 5 + drawn[..., 1]).astype(int)
        drawn = np.take_along_axis(predictions, columns, 1)
        found.append(agreement(drawn).mean())
    assert abs(np.mean(found) - exact) < 4 * np.std(found) / 20


def test_constant_classifier_is_flagged_by_fidelity():
    labels = np.arange(100) % 10
    constant = np.full((100, 9), 3)
    found = measure(constant, labels, constant[:, 0])
    numbers = found.summary()
    assert numbers['consistency'] == 100
    assert numbers['fidelity'] == pytest.approx(10)
    assert 'same label' in found.warning


def test_order_of_measures(cache):
    predictions, labels = cache
    numbers = measure(predictions, labels, predictions[:, 12]).summary()
    assert numbers['worst_case'] <= numbers['fidelity']
    assert numbers['fidelity'] <= numbers['consistency']
    assert numbers['fidelity'] <= numbers['top1_shifted']
    low, high = numbers['consistency_low'], numbers['consistency_high']
    assert low < numbers['consistency'] < high


def test_against_the_original(cache):
    predictions, labels = cache
    original = predictions[:, 12]
    found = measure(predictions, labels, original, pair='original')
    same = (predictions == original[:, None]).mean()
    assert found.consistency.mean() == pytest.approx(same)


def test_every_radius_from_one_cache(cache):
    predictions, labels = cache
    grid = ShiftProtocol(max_shift=2, num_shifts=2).grid()
    rows = curve(predictions, labels, predictions[:, 12], grid)
    assert [row['max_shift'] for row in rows] == [1, 2]
    inner = predictions[:, np.abs(grid).max(1) <= 1]
    assert inner.shape[1] == 9
    assert rows[0]['consistency'] == pytest.approx(
        100 * agreement(inner).mean()
    )
    assert rows[1]['worst_case'] <= rows[0]['worst_case']


def test_stability_map_lays_out_the_grid():
    grid = ShiftProtocol(max_shift=1, range='inclusive').grid()
    assert stability_map(np.arange(9), grid).tolist() == [
        [0, 1, 2], [3, 4, 5], [6, 7, 8],
    ]  # fmt: skip
    line = ShiftProtocol(max_shift=1, axes='diagonal').grid()
    found = stability_map(np.array([5, 6, 7]), line)
    assert np.diag(found).tolist() == [5, 6, 7]
    # What was not tried is no label, and neither right nor wrong.
    assert np.isnan(found).sum() == 6


def test_the_interval_of_a_summary_holds_its_mean():
    rng = np.random.default_rng(0)
    predictions = rng.integers(2, size=(200, 9))
    found = measure(predictions, rng.integers(2, size=200), predictions[:, 0])
    summary = found.summary()
    low, high = summary['consistency_low'], summary['consistency_high']
    error = 100 * found.consistency.std() / np.sqrt(200)
    assert low < summary['consistency'] < high
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_latent_spread_equals_all_pairs_and_does_not_care_for_scale():
    latents = np.random.default_rng(0).normal(size=(6, 4, 3))
    latents += np.arange(6)[:, None, None]

    def run(values, parts):
        spread = LatentSpread(4)
        for part in np.array_split(values, parts):
            for shift in range(4):
                spread.add(torch.from_numpy(part[:, shift]))
            spread.close()
        return latent_scores(*spread.sums(), 4)

    def mse(pairs):
        return np.mean([((a - b) ** 2).mean() for a, b in pairs])

    same = mse(
        (z[s], z[t]) for z in latents for s, t in product(range(4), repeat=2)
        if s != t
    )  # fmt: skip
    others = mse(
        (latents[i, s], latents[j, t])
        for i, j in product(range(6), repeat=2) if i != j
        for s, t in product(range(4), repeat=2)
    )  # fmt: skip
    found = run(latents, 2)
    assert found['latent_mse'] == pytest.approx(same)
    assert found['invariance'] == pytest.approx(1 - same / others)
    small = run(latents / 10, 3)
    assert small['latent_mse'] == pytest.approx(same / 100)
    assert small['invariance'] == pytest.approx(found['invariance'])


def test_presets_are_all_valid_and_keep_the_published_quirks():
    for name in PRESETS:
        assert get_preset(name)
    zhang = get_preset('zhang-imagenet')[0]
    assert zhang.grid().min() == 0
    assert zhang.grid().max() == 31
    aps = get_preset('aps-cifar')[0]
    assert len(aps.grid()) == 36
    assert aps.grid().max() == 2
    assert len(get_preset('tips-standard')[0].grid()) == 17**2
    assert get_preset('ddac-4')[0].agree == 4
    assert len(get_preset('diagonal')[0].grid()) == 33


def test_two_different_tests_need_two_names():
    small, large = (
        dict(mode='zero', max_shift=4, num_shifts=n) for n in (2, 9)
    )
    assert list(resolve([small, dict(large, name='many')])) == [
        'zero4',
        'many',
    ]
    assert list(resolve([small, small])) == ['zero4']
    with pytest.raises(InputError, match='"zero4": give them a name='):
        resolve([small, large])


def test_tests_in_one_run_share_a_size():
    both = resolve(['cifar-zero8', 'cifar-circular8'], seed=5)
    assert [t.seed for t in both.values()] == [5, 5]
    with pytest.raises(InputError, match='one after another'):
        resolve(['cifar-zero8', 'islam-cons8'])
    with pytest.raises(InputError, match='Did you mean "cifar-zero8"'):
        resolve('cifar-zero88')
    with pytest.raises(InputError, match='groups of 3'):
        agreement(np.zeros((1, 2), int), agree=3)
