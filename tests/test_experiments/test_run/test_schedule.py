"""Steps side by side: what waits, what is shared, what a failure leaves."""

import io
import os
from dataclasses import replace

import pytest
from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.experiments import Call, Setting
from mmchanpos.experiments.run.schedule import run_steps
from mmchanpos.experiments.run.store import Store
from mmchanpos.testing.naps import meet, nap


def call(name, seconds=0.3, text='', needs=(), shared=''):
    arguments = dict(seconds=seconds, text=text)
    return Call(
        name, function=nap, arguments=arguments, needs=needs, shared=shared
    )


def store(tmp_path, name, *steps):
    setting = Setting(quick=True, work_dir=tmp_path)
    return Store(setting.folder(name), steps, setting)


def run(stores, jobs):
    found = {}
    run_steps(
        stores, Console(file=io.StringIO()), jobs, finished=found.setdefault
    )
    return [found[i] for i in range(len(stores))]


def test_steps_that_do_not_wait_run_side_by_side(tmp_path):
    places = dict(a=str(tmp_path / 'a.txt'), b=str(tmp_path / 'b.txt'))
    both = [
        Call(
            one,
            function=meet,
            arguments=dict(mine=places[one], other=places[other]),
        )
        for one, other in ('ab', 'ba')
    ]
    steps = *both, call('c', needs=['a', 'b'])
    # Each of the two ends only once the other one has begun.
    (found,) = run([store(tmp_path, 'x', *steps)], jobs=2)
    a, b, c = (found[name] for name in 'abc')
    assert a['process'] != b['process'] != os.getpid()
    assert c['began'] >= max(a['ended'], b['ended'])


def test_one_at_a_time_stays_in_this_process(tmp_path):
    (found,) = run([store(tmp_path, 'x', call('a', 0), call('b', 0))], jobs=1)
    assert {r['process'] for r in found.values()} == {os.getpid()}
    assert found['a']['ended'] <= found['b']['began']


def test_what_others_wait_for_comes_first(tmp_path):
    first, second = call('first', 0), call('second', 0)
    last = call('last', 0, needs=['second'])
    stores = [store(tmp_path, 'x', first), store(tmp_path, 'y', second, last)]
    one, other = run(stores, jobs=1)
    assert other['second']['ended'] <= one['first']['began']


def test_a_shared_step_is_done_once_for_all(tmp_path):
    stores = [
        store(tmp_path, x, call('a', shared='both'), call(x, needs=['a']))
        for x in ('x', 'y')
    ]
    one, other = run(stores, jobs=2)
    assert one['a'] == other['a']
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'both-quick',
        'x-quick',
        'y-quick',
    ]


@pytest.mark.parametrize(
    ('text', 'error'), [('wrong', InputError), ('broken', ZeroDivisionError)]
)
@pytest.mark.parametrize('jobs', [1, 2])
def test_what_runs_beside_a_failure_is_kept(tmp_path, jobs, text, error):
    # As long as the other two, so that it begins first.
    good = replace(call('good', 0.5), seconds=90)
    steps = good, call('bad', 0, text), call('late', needs=['bad'])
    stored = store(tmp_path, 'x', *steps)
    with pytest.raises(error):
        run([stored], jobs)
    assert stored.result(steps[0])
    assert not stored.folders['late'].exists()
