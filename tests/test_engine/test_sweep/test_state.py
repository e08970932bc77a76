from collections import namedtuple

import numpy as np
import pytest
import torch

from mmchanpos.engine.sweep.state import SweepState

Found = namedtuple('Found', 'boxes scores')


def entry(i):
    found = Found(np.full((2, 4), i), torch.tensor([0.5, i]))
    return {'places': [i], 'results': [[[(i, found)]]], 'examples': {}}


def test_what_was_saved_comes_back_in_order(tmp_path):
    state = SweepState(tmp_path, 'a' * 64, rank=0, every=0)
    for i in range(3):
        state.add(entry(i), images=1)
    state.every = 1e9
    state.add(entry(3), images=1)
    again = SweepState(tmp_path, 'a' * 64, rank=0)
    entries = again.load()
    assert again.done == 3
    assert [e['places'] for e in entries] == [[0], [1], [2]]
    (_, (boxes, scores)) = entries[2]['results'][0][0][0]
    assert np.array_equal(boxes, np.full((2, 4), 2))
    assert scores.tolist() == [0.5, 2]


def test_going_on_appends_after_what_is_there(tmp_path):
    first = SweepState(tmp_path, 'a' * 64, rank=0, every=0)
    first.add(entry(0), images=2)
    second = SweepState(tmp_path, 'a' * 64, rank=0, every=0)
    second.load()
    second.add(entry(1), images=2)
    third = SweepState(tmp_path, 'a' * 64, rank=0)
    assert len(third.load()) == 2
    assert third.done == 4


def test_other_sweeps_and_other_processes_are_left_alone(tmp_path):
    SweepState(tmp_path, 'a' * 64, rank=0, every=0).add(entry(0), 1)
    for fingerprint, rank in (('b' * 64, 0), ('a' * 64, 1)):
        assert SweepState(tmp_path, fingerprint, rank).load() == []


def test_nothing_remains_of_a_finished_sweep(tmp_path):
    state = SweepState(tmp_path, 'a' * 64, rank=0, every=0)
    state.add(entry(0), 1)
    state.remove()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('damage', ['cut', 'empty', 'foreign'])
def test_what_is_damaged_is_done_again(tmp_path, damage):
    state = SweepState(tmp_path, 'a' * 64, rank=0, every=0)
    for i in range(3):
        state.add(entry(i), images=1)
    file = next(tmp_path.glob('*/process-0-from-1.pth'))
    whole = file.read_bytes()
    if damage == 'foreign':
        torch.save([1], file)
    else:
        file.write_bytes(whole[:-300] if damage == 'cut' else b'')
    again = SweepState(tmp_path, 'a' * 64, rank=0)
    assert [e['places'] for e in again.load()] == [[0]]
    assert again.done == 1
    again.add(entry(1), images=1)
    again.save()
    last = SweepState(tmp_path, 'a' * 64, rank=0)
    assert [e['places'] for e in last.load()] == [[0], [1], [2]]
