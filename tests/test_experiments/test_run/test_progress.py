"""The time to go is learnt from the steps that are done."""

import io
import time

import pytest
from rich.console import Console

from mmchanpos.experiments import Call
from mmchanpos.experiments.run.progress import StepProgress, duration


def steps(*seconds):
    return [
        Call(f's{i}', function=print, seconds=s) for i, s in enumerate(seconds)
    ]


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, 'monotonic', lambda: now[0])
    return now


def test_the_pace_of_done_steps_corrects_the_rest(clock):
    todo = steps(100, 100, 50)
    progress = StepProgress(Console(file=io.StringIO()), todo)
    assert progress.remaining() == 250
    progress.started('s0', todo[0])
    clock[0] += 40
    assert progress.remaining() == 210
    clock[0] += 160
    progress.ended('s0', 200)
    # Twice as slow as stated, calmed by thirty seconds of belief.
    assert progress.pace() == pytest.approx(230 / 130)
    assert progress.remaining() == pytest.approx(150 * 230 / 130)


def test_two_at_a_time_need_half_as_long(clock):
    todo = steps(100, 60, 40)
    progress = StepProgress(Console(file=io.StringIO()), todo, jobs=2)
    assert progress.remaining() == 100
    progress.started('s0', todo[0])
    progress.started('s1', todo[1])
    clock[0] += 20
    assert progress.remaining() == (80 + 40 + 40) / 2
    assert str(progress.__rich__()).endswith('to go: s0, s1')


@pytest.mark.parametrize('terminal', [True, False])
def test_every_step_leaves_a_line(terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    todo = steps(0.2, 0.1)
    progress = StepProgress(console, todo)
    with console.status(progress):
        for step in todo:
            progress.started(step.name, step)
            time.sleep(0.15)
            progress.ended(step.name, 0.15)
    text = out.getvalue()
    assert '[1/2] s0: 0 s, about ' in text
    assert '[2/2] s1' in text
    assert ('to go: s0' in text) == terminal


def test_durations():
    assert (duration(4.2), duration(75)) == ('4 s', '1 min 15 s')
    assert duration(59.6) == '1 min 00 s'
    assert duration(3599.7) == '1 h 00 min'
