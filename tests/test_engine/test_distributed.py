import os
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmchanpos.engine.distributed import (
    VARIABLES,
    prepare_launch,
    read_ranks,
    require_gpus,
)
from mmchanpos.errors import InputError
from tests.conftest import free_port


@pytest.mark.parametrize('launcher', sorted(VARIABLES))
def test_a_launcher_that_did_not_start_us_is_told_apart(launcher, monkeypatch):
    for name in VARIABLES[launcher].values():
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InputError, match='were not started by it'):
        prepare_launch(Config({}), launcher)


def test_mpi_and_slurm_ranks_get_the_names_torch_reads(monkeypatch):
    import os

    for launcher in ('mpi', 'slurm'):
        for i, (name, theirs) in enumerate(VARIABLES[launcher].items()):
            # Set and delete, so that monkeypatch restores what is written.
            monkeypatch.setenv(name, 'old')
            monkeypatch.setenv(theirs, str(i))
        read_ranks(launcher)
        assert [os.environ[n] for n in VARIABLES[launcher]] == ['0', '1', '2']


def test_more_processes_than_gpus_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 2)
    require_gpus(2)
    with pytest.raises(InputError, match='3 processes .* has 2 GPUs'):
        require_gpus(3)
    with pytest.raises(InputError, match='at least 1'):
        require_gpus(0)


def test_without_a_gpu_every_number_is_fine(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    require_gpus(64)


@pytest.fixture
def gpus(monkeypatch):
    """Pretend to have so many, as one of two tasks of a launcher."""

    def pretend(count, launcher, **variables):
        names = VARIABLES[launcher]
        for name in (*names, 'MASTER_ADDR', 'MASTER_PORT'):
            # Set and deleted, so that what is written is undone.
            monkeypatch.setenv(name, 'old')
            monkeypatch.delenv(name)
        values = dict(RANK='1', LOCAL_RANK='1', WORLD_SIZE='2')
        for name, theirs in names.items():
            monkeypatch.setenv(theirs, values[name])
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
        monkeypatch.setattr(torch.cuda, 'device_count', lambda: count)
        prepare_launch(Config({}), launcher)
        return {k: os.environ.get(k) for k in ('LOCAL_RANK', 'MASTER_ADDR')}

    return pretend


def test_tasks_of_slurm_that_see_one_gpu_each_are_fine(gpus):
    node = dict(MASTER_ADDR='here')
    own = gpus(1, 'slurm', SLURM_GPUS_PER_TASK='1', **node)
    assert own['LOCAL_RANK'] == '0'
    both = gpus(2, 'slurm', SLURM_GPUS_PER_TASK='2', **node)
    assert both['LOCAL_RANK'] == '1'
    with pytest.raises(InputError, match='has 1 GPU: NCCL'):
        gpus(1, 'slurm', SLURM_GPUS_PER_TASK='2', **node)


def test_mpi_on_one_node_needs_no_address_and_on_two_says_so(gpus):
    alone = gpus(2, 'mpi', OMPI_COMM_WORLD_LOCAL_SIZE='2')
    assert alone['MASTER_ADDR'] == '127.0.0.1'
    with pytest.raises(InputError, match='MASTER_ADDR is not set'):
        gpus(2, 'mpi', OMPI_COMM_WORLD_LOCAL_SIZE='1')


def test_one_process_starts_no_group():
    cfg = Config({})
    prepare_launch(cfg, 'none')
    assert not torch.distributed.is_initialized()
    assert cfg.launcher == 'none'
    assert 'model_wrapper_cfg' not in cfg


def test_the_cpu_wrapper_reverts_syncbn(tmp_path):
    from mmchanpos.models.wrappers import CPUDistributedDataParallel

    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/group', rank=0, world_size=1
    )
    try:
        net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.SyncBatchNorm(2))
        wrapped = CPUDistributedDataParallel(net, device_ids=[0])
        kinds = [type(m) for m in wrapped.modules()]
        assert nn.SyncBatchNorm not in kinds
        assert wrapped(torch.ones(2, 1, 3, 3)).shape == (2, 2, 3, 3)
    finally:
        torch.distributed.destroy_process_group()


def test_a_group_ends_before_python_does():
    code = (
        'import atexit\n'
        'import torch.distributed as dist\n'
        'from mmengine.config import Config\n'
        'from mmchanpos.engine.distributed import prepare_launch\n'
        'atexit.register(lambda: print("group", dist.is_initialized()))\n'
        'prepare_launch(Config({}), "pytorch")\n'
        'print("group", dist.is_initialized())'
    )
    ranks = dict(RANK='0', LOCAL_RANK='0', WORLD_SIZE='1')
    master = dict(MASTER_ADDR='127.0.0.1', MASTER_PORT=str(free_port()))
    told = {**os.environ, **ranks, **master, 'CUDA_VISIBLE_DEVICES': '-1'}
    words = [sys.executable, '-c', code]
    done = subprocess.run(words, env=told, capture_output=True, text=True)
    said = [x for x in done.stdout.splitlines() if x.startswith('group')]
    assert said == ['group True', 'group False'], done.stderr
