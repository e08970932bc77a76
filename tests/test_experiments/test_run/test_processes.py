"""Nothing that was started outlives who started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import environment

LATE = """
import os, time
from mmchanpos.experiments.run.processes import die_with_parent
parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.01)
die_with_parent(parent)
print('lives on')
"""
POOL = """
import subprocess, sys, time
from mmchanpos.experiments.run.steps import run_logged
from mmchanpos.experiments.run.processes import executor
if __name__ == '__main__':
    with executor(2) as pool:
        for i in range(2):
            words = [sys.executable, '-c', 'import time; time.sleep(600)']
            pool.submit(run_logged, words, f'{sys.argv[1]}/{i}.log')
"""


def test_a_process_whose_parent_is_gone_before_it_asks_ends():
    words = [sys.executable, '-c', LATE]
    done = subprocess.run(
        words, env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.stdout == done.stderr == ''


def alive(mark):
    """Processes that have inherited a variable of the environment."""
    found = []
    for folder in Path('/proc').glob('[0-9]*'):
        try:
            if mark in (folder / 'environ').read_bytes():
                found.append(folder.name)
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != 'linux', reason='asks Linux')
@pytest.mark.parametrize('how', [signal.SIGKILL, signal.SIGTERM])
def test_no_process_is_left_of_a_start_that_was_killed(tmp_path, how):
    (tmp_path / 'pool.py').write_text(POOL)
    for seconds in (0.5, 1.5, 4):
        mark = f'mmchanpos-{os.getpid()}-{seconds}'
        words = [sys.executable, tmp_path / 'pool.py', tmp_path]
        with subprocess.Popen(words, env=environment(MARK=mark)) as process:
            time.sleep(seconds)
            process.send_signal(how)
        left = time.monotonic() + 5
        while alive(mark.encode()) and time.monotonic() < left:
            time.sleep(0.1)
        assert not alive(mark.encode()), f'after {seconds} s'
