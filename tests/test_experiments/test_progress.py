"""The time to go is learnt from the steps that are done."""

import io
import time

import pytest
from rich.console import Console

from mmchanpos.experiments import Call
from mmchanpos.experiments.progress import StepProgress, duration


def steps(*seconds):
    return [Call(f's{i}', print, seconds=s) for i, s in enumerate(seconds)]


def test_the_pace_of_done_steps_corrects_the_rest(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(time, 'monotonic', lambda: clock[0])
    todo = steps(100, 100, 50)
    progress = StepProgress(Console(file=io.StringIO()), todo)
    assert progress.remaining() == 250
    with progress.running(todo[0]):
        clock[0] += 200
    # Twice as slow as stated, calmed by thirty seconds of belief.
    assert progress.pace() == pytest.approx(230 / 130)
    assert progress.remaining() == pytest.approx(150 * 230 / 130)


@pytest.mark.parametrize('terminal', [True, False])
def test_every_step_leaves_a_line(terminal):
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=100)
    todo = steps(0.2, 0.1)
    progress = StepProgress(console, todo)
    for step in todo:
        with progress.running(step):
            time.sleep(0.15)
    text = out.getvalue()
    assert '[1/2] s0: 0 s, about ' in text
    assert '[2/2] s1' in text


def test_a_failed_step_is_not_counted():
    todo = steps(1)
    progress = StepProgress(Console(file=io.StringIO()), todo)
    with pytest.raises(RuntimeError), progress.running(todo[0]):
        raise RuntimeError
    assert progress.remaining() == 1


def test_durations():
    assert duration(59.6) == '1 min 00 s'
    assert duration(3599.7) == '1 h 00 min'
