"""Processes that work for another and do not outlive it."""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Callable, Sequence

from mmchanpos.errors import InputError

_PR_SET_PDEATHSIG = 1
# Found before any fork; only Linux has it.
_prctl = getattr(ctypes.CDLL(None), 'prctl', None)


class ThisProcess(Executor):
    """Runs what is submitted at once and in this process."""

    def submit(self, function: Callable, *args: Any, **kwargs: Any) -> Future:
        """Run a function now; an interrupt is not kept for later."""
        future: Future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as e:
            future.set_exception(e)
        return future


def executor(jobs: int) -> Executor:
    """Something to submit work to, so many pieces of it at a time.

    One at a time is done in this process; others share the cores.
    """
    if jobs == 1:
        return ThisProcess()
    threads = max(1, cores() // jobs)
    # Forked processes would inherit threads and registries of this one.
    return ProcessPoolExecutor(
        jobs, get_context('spawn'), _begin, initargs=(threads, os.getpid())
    )


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def die_with_parent(parent: int) -> None:
    """Let Linux end this process when the one that started it is gone.

    A killed run would else leave some behind that go on writing where the
    next run begins. The parent's id is asked for before this one is started.
    """
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # Who died before that sends no signal any more.
    if os.getppid() != parent:
        os._exit(1)


def _begin(threads: int, parent: int) -> None:
    die_with_parent(parent)
    # The process that was interrupted says so; the others just end.
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    # Read by torch when it is imported, here and in tools that are started;
    # too late where the tool that this process imports first has done so.
    told = os.environ.setdefault('OMP_NUM_THREADS', str(threads))
    if 'torch' in sys.modules:
        sys.modules['torch'].set_num_threads(int(told))


def shell(line: Sequence[str]) -> str:
    """A command line as text; what the shell has to fill in stays open."""
    return ' '.join(w if '"$(' in w else shlex.quote(w) for w in line)


def run_logged(line: Sequence[str], log: Path) -> None:
    """Run a command in a process that ends with this one; it may fail.

    All that it prints goes to the end of the log.
    """
    begin = partial(die_with_parent, os.getpid())
    with open(log, 'a', encoding='utf8') as out:
        code = subprocess.call(line, stdout=out, stderr=out, preexec_fn=begin)
    check_status(code, line, log)


def check_status(code: Any, line: Sequence[str], log: Path) -> None:
    """Raise if a command has failed, with how its log ended."""
    if code == 130:
        raise KeyboardInterrupt
    if code:
        tail = log.read_text(encoding='utf8', errors='replace').splitlines()
        raise InputError(
            f'this command ended with status {code}:\n  {shell(line)}\n'
            + '\n'.join(f'  | {x}' for x in tail[-15:])
            + f'\nEverything it printed is in {log}.'
        )
