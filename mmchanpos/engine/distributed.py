"""Start process groups, on machines without a GPU too.

mmengine starts them itself, but binds a CUDA device first. Where there is
none, the group is made here before the Runner (which then leaves it alone),
and the model is wrapped by a DDP that needs no device.

``python -m mmchanpos.engine.distributed N [WORDS OF TORCHRUN]`` checks if N
processes can start here, and starts them; the launch scripts call it.
"""

import atexit
import logging
import os
import re
import sys
from datetime import timedelta
from subprocess import getoutput
from typing import Any, Callable, Sequence

import torch
import torch.distributed as dist
from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process

from mmchanpos.errors import InputError

from .cli import run_tool

_RANKS = ('RANK', 'LOCAL_RANK', 'WORLD_SIZE')
#: What each launcher calls rank, local rank and world size.
VARIABLES: dict[str, dict[str, str]] = {
    launcher: dict(zip(_RANKS, names))
    for launcher, names in dict(
        pytorch=_RANKS,
        slurm=('SLURM_PROCID', 'SLURM_LOCALID', 'SLURM_NTASKS'),
        mpi=[f'OMPI_COMM_WORLD_{x}' for x in ('RANK', 'LOCAL_RANK', 'SIZE')],
    ).items()
}
#: How each launcher is used, for the error message.
USAGE = {
    'pytorch': 'tools/dist_train.sh CONFIG GPUS',
    'slurm': 'tools/slurm_train.sh PARTITION JOB_NAME CONFIG',
    'mpi': 'mpirun -np N python tools/train.py CONFIG --launcher mpi',
}


def prepare_launch(cfg: Config, launcher: str) -> None:
    """Make a config ready for its launcher, and start gloo without CUDA.

    Sets ``launcher`` and, on a CPU, ``model_wrapper_cfg``.
    """
    cfg.launcher = launcher
    if launcher == 'none':
        os.environ.setdefault('LOCAL_RANK', '0')
        return
    read_ranks(launcher)
    _find_master(launcher)
    if torch.cuda.is_available():
        if launcher == 'slurm' and _bound():
            os.environ['LOCAL_RANK'] = '0'
        require_gpus(int(os.environ['LOCAL_RANK']) + 1)
        settings = cfg.setdefault('env_cfg', {}).setdefault('dist_cfg', {})
        settings.setdefault('timeout', int(patience().total_seconds()))
        return
    if not dist.is_initialized():
        dist.init_process_group('gloo', timeout=patience())
        # Its threads may else still run where Python has ended, and abort.
        atexit.register(_end_group)
    cfg.model_wrapper_cfg = {
        # A broadcast of buffers before each forward is wasted: as on a GPU,
        # mmengine synchronises them where it must.
        'broadcast_buffers': False,
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
        **(cfg.get('model_wrapper_cfg') or {}),
        'type': 'mmchanpos.CPUDistributedDataParallel',
    }


def _end_group() -> None:
    if dist.is_initialized():
        dist.destroy_process_group()


def patience() -> timedelta:
    """How long a process waits for the others before it ends the run.

    Ten minutes, or as many seconds as ``MMCHANPOS_PATIENCE`` says: whatever
    one process does alone (write a result, say) has to be quicker.
    """
    text = os.environ.get('MMCHANPOS_PATIENCE', '600')
    if not re.fullmatch('[1-9][0-9]{0,6}', text):
        raise InputError(f'MMCHANPOS_PATIENCE={text}: seconds were wanted.')
    return timedelta(seconds=int(text))


def first_alone(do: Callable[..., None], *args: Any) -> None:
    """Let the first process do something; all end with its error, or none."""
    problem = [None]
    if is_main_process():
        try:
            do(*args)
        except (InputError, OSError) as e:
            problem = [e]
    broadcast_object_list(problem)
    if problem[0] is not None:
        raise problem[0]


def read_ranks(launcher: str) -> None:
    """Copy a launcher's variables to the names that torch reads."""
    for name, theirs in VARIABLES[launcher].items():
        if theirs not in os.environ:
            raise InputError(
                f'--launcher {launcher} was given, but {theirs} is not set: '
                f'the processes were not started by it. Use '
                f'{USAGE[launcher]}, or leave --launcher away.'
            )
        os.environ[name] = os.environ[theirs]


def _find_master(launcher: str) -> None:
    os.environ.setdefault('MASTER_PORT', '29500')
    if 'MASTER_ADDR' in os.environ:
        return
    local = os.environ.get('OMPI_COMM_WORLD_LOCAL_SIZE')
    if launcher == 'mpi' and local == os.environ['WORLD_SIZE']:
        first = '127.0.0.1'
    elif launcher == 'slurm':
        nodes = os.environ['SLURM_NODELIST']
        first = getoutput(f'scontrol show hostname {nodes} | head -n1')
    else:
        raise InputError(
            'MASTER_ADDR is not set: give the address of the first node.'
        )
    os.environ['MASTER_ADDR'] = first


def _bound() -> bool:
    """Whether slurm shows every task one GPU of its own, as its first."""
    asked = os.environ.get('SLURM_GPUS_PER_TASK', '').split(':')[-1] == '1'
    bound = 'SLURM_GPU_BIND' in os.environ
    return torch.cuda.device_count() == 1 and (asked or bound)


def require_gpus(processes: int) -> None:
    """Refuse more processes on this node than it has GPUs.

    Without any GPU every number is fine: the processes share the CPU.
    """
    if processes < 1:
        raise InputError(f'{processes} processes were asked for; at least 1.')
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if 0 < gpus < processes:
        raise InputError(
            f'{processes} processes were asked for on this node, which has '
            f'{gpus} GPU{"s" * (gpus > 1)}: NCCL wants one for each. Ask for '
            f'{gpus}, or hide the GPUs (CUDA_VISIBLE_DEVICES=-1) to run on '
            'the CPU.'
        )


def start(words: Sequence[str]) -> None:
    """Run ``torchrun``, and end as the first process that failed did."""
    from torch.distributed.elastic.multiprocessing import errors
    from torch.distributed.run import main

    # Every process says itself what went wrong; an account of the launcher
    # would bury it.
    name = 'torch.distributed.elastic.multiprocessing.api'
    logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        main(list(words))
    except errors.ChildFailedError as e:
        rank, failure = e.get_first_failure()
        code = failure.exitcode
        if code < 0:
            said = f'process {rank} was ended by signal {-code}'
            print(said, file=sys.stderr)
        sys.exit(max(1, code))


def _main() -> None:
    if len(sys.argv) < 2 or not sys.argv[1].lstrip('-').isdigit():
        raise InputError(
            f'the number of GPUs was wanted, got {"".join(sys.argv[1:2])!r}'
        )
    require_gpus(int(sys.argv[1]))
    if len(sys.argv) > 2:
        start(sys.argv[2:])


if __name__ == '__main__':
    run_tool(_main)
