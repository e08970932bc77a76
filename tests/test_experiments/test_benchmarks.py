"""A ratio is the median over pairs, and a claim is checked, not believed."""

import time

import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.experiments.benchmarks import (
    Ratio,
    compare,
    erasers,
    load,
    sweep,
)


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
        (lambda: compare('a', print, 'b', print, repeats=0), 'at least one'),
        (lambda: load('nothing'), 'benchmark.py --list'),
    ],
)
def test_wrong_input_is_told(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_a_file_that_measures_nothing_is_told(tmp_path):
    file = tmp_path / 'measures_nothing.py'
    file.write_text('')
    with pytest.raises(InputError, match='no function "measure"'):
        load(str(file))


def test_what_has_no_network_is_left_out_on_a_gpu(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    assert load('loader', 'cuda') is None
    assert load('ranking', 'cuda').keywords == {'device': 'cuda'}
    assert load('loader') is not None


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_a_gpu_that_is_not_there_is_told():
    with pytest.raises(InputError, match='torch sees no GPU'):
        load('ranking', 'cuda')


@pytest.mark.parametrize('together', [1, 8])
def test_a_sweep_is_timed_where_ablations_share_runs_too(
    together, monkeypatch
):
    # It raises by itself where replay and evaluation differ.
    monkeypatch.setattr(sweep, 'SIZE', (32, 64))
    monkeypatch.setattr(sweep, 'TOGETHER', {'cpu': together})
    ratio = sweep.measure(1)
    assert ratio.notes['together'] == together
    # Behind the readers there is less to do, up to what a clock says of ms.
    assert 0 < ratio.notes['limit'] < 2
    assert ratio.json()['bare_seconds'] > 0


def test_erasers_are_timed_beside_channels(monkeypatch):
    monkeypatch.setattr(erasers, 'SIZE', (8, 16))
    monkeypatch.setattr(erasers, 'CHANNELS', 16)
    assert erasers.measure(1).value > 0
