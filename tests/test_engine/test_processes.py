"""Processes that work for another end with it, whenever that is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mmchanpos.engine.processes import executor
from mmchanpos.testing.naps import nap
from tests.conftest import environment

LINUX = pytest.mark.skipif(
    sys.platform != 'linux', reason='asks the kernel of Linux'
)


KILLED = """
import sys, time
from concurrent.futures import wait
from mmchanpos.engine.processes import executor
from mmchanpos.testing.naps import beat
if __name__ == '__main__':
    with executor(2) as pool:
        wait([pool.submit(beat, sys.argv[1])])
"""


@LINUX
def test_nobody_outlives_a_killed_run(tmp_path):
    script, file = tmp_path / 'main.py', tmp_path / 'beats'
    script.write_text(KILLED)
    process = subprocess.Popen(
        [sys.executable, script, file], env=environment()
    )
    deadline = time.time() + 60
    while not (file.exists() and file.stat().st_size):
        assert time.time() < deadline
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.3)
    size = file.stat().st_size
    time.sleep(0.5)
    assert file.stat().st_size == size > 0


#: A child that gets to its promise only when its parent is gone.
ORPHAN = """
import os, sys, time
from mmchanpos.engine.processes import die_with_parent
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.01)
    die_with_parent(parent)
    open(sys.argv[1], 'w').write('still here')
"""


@LINUX
def test_a_child_whose_parent_died_at_once_ends_too(tmp_path):
    file = tmp_path / 'file'
    read, write = os.pipe()
    process = subprocess.Popen(
        [sys.executable, '-c', ORPHAN, str(file)],
        env=environment(),
        pass_fds=[write],
    )
    os.close(write)
    process.wait()
    # It ends when the last process that can write to it has ended.
    assert os.read(read, 1) == b''
    os.close(read)
    assert not file.exists()


#: A tool imports torch, and each of its processes imports the tool first.
SHARED = """
import torch
from mmchanpos.engine.processes import cores, executor
if __name__ == '__main__':
    with executor(cores()) as pool:
        print(pool.submit(torch.get_num_threads).result())
"""


def test_processes_share_the_cores_though_torch_was_imported(tmp_path):
    script = tmp_path / 'main.py'
    script.write_text(SHARED)
    variables = environment()
    del variables['OMP_NUM_THREADS']
    said = subprocess.check_output([sys.executable, script], env=variables)
    assert int(said) == 1


def test_one_job_needs_no_process():
    with executor(1) as this:
        assert this.submit(os.getpid).result() == os.getpid()
        assert this.submit(nap, None, 0, 'broken').exception()
