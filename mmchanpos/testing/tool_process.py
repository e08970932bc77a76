"""Run a tool in a process of its own that need not import all anew."""

import gc
import os
import runpy
import subprocess
import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Sequence
from unittest.mock import patch

from mmchanpos.files import PathLike

_FORKS = get_context('forkserver')
_FORKS.set_forkserver_preload(
    [
        'mmchanpos.engine.launch',
        'mmpretrain.models',
        'mmseg.models',
        'mmdet.models',
    ]
)


def run_script(
    words: Sequence, cwd: PathLike, variables: dict[str, str], timeout: float
) -> subprocess.CompletedProcess:
    """Run a Python script as ``subprocess.run`` does, some seconds faster.

    One process has imported the hosts and has computed nothing yet; each
    script runs in a fork of it. They see no GPU: what the hosts find when
    they are imported counts, and forks could not use one.

    Returns:
        CompletedProcess: Its status and what it said, as text.
    """
    with TemporaryDirectory() as folder:
        process = start_script(words, cwd, variables, folder)
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(words, timeout)
        said = [Path(folder, name).read_text() for name in ('out', 'err')]
    return subprocess.CompletedProcess(words, process.exitcode, *said)


def start_script(
    words: Sequence, cwd: PathLike, variables: dict[str, str], said: PathLike
) -> BaseProcess:
    """Begin what :func:`run_script` runs to the end.

    Args:
        words (Sequence): The script and its arguments.
        cwd (PathLike): The folder to run in.
        variables (dict[str, str]): The whole environment.
        said (PathLike): Folder of ``out`` and ``err``, what it says.

    Returns:
        BaseProcess: It can be killed and waited for.
    """
    words = [str(word) for word in words]
    process = _FORKS.Process(
        target=_run, args=(words, str(cwd), variables, str(said))
    )
    # The first one starts the process that is forked.
    with patch.dict(os.environ, CUDA_VISIBLE_DEVICES='-1'):
        process.start()
    return process


def _run(
    words: Sequence[str], cwd: str, variables: dict[str, str], folder: str
) -> None:
    for number, name in (1, 'out'), (2, 'err'):
        file = os.open(f'{folder}/{name}', os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(cwd)
    sys.argv = list(words)
    # Every runner asks for a garbage collection, and one that goes through the
    # hosts takes half a second.
    gc.freeze()
    runpy.run_path(words[0], run_name='__main__')
