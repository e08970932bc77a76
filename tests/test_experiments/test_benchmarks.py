"""A ratio is the median over pairs, and a claim is checked, not believed."""

import time

import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments.benchmarks import Ratio, compare, load


def test_ratio_is_the_median_of_pairs():
    ratio = Ratio('a', 'b', [1.0, 4.0, 9.0], [1.0, 2.0, 3.0], at_most=2.0)
    assert ratio.ratios == [1.0, 2.0, 3.0]
    assert ratio.value == 2.0
    assert ratio.spread == (1.0, 3.0)
    assert ratio.met
    assert not Ratio('a', 'b', [3.0], [1.0], at_most=2.0).met
    assert not Ratio('a', 'b', [3.0], [1.0], at_least=4.0).met


def test_compare_times_both_as_often_and_leaves_the_warm_up_out():
    order = []

    def slow():
        order.append('slow')
        time.sleep(0.2 if len(order) < 3 else 0.02)

    ratio = compare('slow', slow, 'fast', lambda: order.append('fast'), 4)
    assert order.count('slow') == order.count('fast') == 5
    assert len(ratio.ratios) == 4
    assert max(ratio.top_seconds) < 0.15
    assert ratio.value > 2
    assert ratio.json()['top_seconds'] == ratio.top_seconds


@pytest.mark.parametrize(
    ('call', 'message'),
    [
        (lambda: Ratio('a', 'b', [1.0], []), 'as many'),
        (lambda: Ratio('a', 'b', [], []), 'at least one pair'),
        (lambda: compare('a', print, 'b', print, repeats=0), '--repeats 0'),
        (lambda: load('nothing'), 'benchmark.py --list'),
    ],
)
def test_wrong_input_is_told(call, message):
    with pytest.raises(InputError, match=message):
        call()
