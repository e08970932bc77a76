"""Shared by all tests: a tiny classifier config, its data, and run helpers."""

import gc
import os
import random
import runpy
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import mmengine.config.config as mmengine_config
import numpy as np
import pytest
import torch

# Before the first parallel operation, for the flags that it sets.
from mmchanpos import registry  # noqa: F401
from mmchanpos.engine.distributed import VARIABLES
from mmchanpos.testing.tool_process import run_script, start_script

ROOT = Path(__file__).parents[1]

# What is said of single precision holds there alone, and convolutions on a GPU
# would round to ten bits (TF32).
torch.backends.cudnn.allow_tf32 = False

# Every runner writes its config down, and laying one out takes half a second.
mmengine_config.FormatCode = lambda text, **_: (text, True)

TINY = """
default_scope = 'mmpretrain'
work_dir = {work_dir!r}
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet_CIFAR', depth=18, stem_channels=4,
                  base_channels=4, num_stages=2, out_indices=(1, ),
                  strides=(1, 2), dilations=(1, 1),
                  norm_cfg=dict(type='SyncBN', requires_grad=True)),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=8,
              topk=(1, ), loss=dict(type='CrossEntropyLoss')))
data_preprocessor = dict(num_classes=2, mean=[127.] * 3, std=[127.] * 3)
pipeline = [dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=8, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmchanpos.ArrayDataset', images={npz!r},
                 pipeline=pipeline))
val_dataloader = dict(
    batch_size=5, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='mmchanpos.ArrayDataset', images={npz!r},
                 test_mode=True, pipeline=pipeline))
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1, ))
test_evaluator = val_evaluator
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9))
param_scheduler = dict(type='CosineAnnealingLR', T_max=2, by_epoch=True)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', interval=1))
randomness = dict(seed=0)
env_cfg = dict(mp_cfg=dict(mp_start_method='fork'))
"""


@pytest.fixture(autouse=True)
def same_draws():
    """Every test draws the same each time, alone or among others."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture(scope='module', autouse=True)
def no_search_through_modules():
    """Keep what lives on, such as modules, out of garbage collections.

    Every runner asks for one, and it takes half a second with the hosts.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope='session')
def tiny_npz(tmp_path_factory):
    """31 images, bright in class 1; odd, so that samplers have to pad."""
    rng = np.random.default_rng(0)
    labels = np.arange(31) % 2
    images = rng.integers(0, 120, (31, 8, 8, 3)) + 100 * labels.reshape(
        -1, 1, 1, 1
    )
    path = tmp_path_factory.mktemp('data') / 'tiny.npz'
    np.savez(path, images=images.astype(np.uint8), labels=labels)
    return path


@pytest.fixture
def tiny_config(tmp_path, tiny_npz):
    """Path of a complete config whose work_dir is in ``tmp_path``."""
    path = tmp_path / 'tiny.py'
    work_dir = str(tmp_path / 'work')
    path.write_text(TINY.format(work_dir=work_dir, npz=str(tiny_npz)))
    return path


@pytest.fixture(scope='session')
def tiny_run(tmp_path_factory, tiny_npz):
    """Config and checkpoint of one finished training through the tool."""
    folder = tmp_path_factory.mktemp('tiny-run')
    path = folder / 'tiny.py'
    path.write_text(TINY.format(work_dir=str(folder), npz=str(tiny_npz)))
    tool('train.py', path).check_returncode()
    return path, folder / 'epoch_2.pth'


def environment(**variables):
    """Of a user who has the package, whatever this process changed."""
    return {
        'OMP_NUM_THREADS': '1',
        **os.environ,
        'PYTHONPATH': str(ROOT),
        'MMCHANPOS_PYTHON': sys.executable,
        # Results are compared to those of a CPU, and NCCL refuses two
        # processes on one GPU. What needs one is in test_gpu.py.
        'CUDA_VISIBLE_DEVICES': '-1',
        **variables,
    }


def run(*words, cwd=None, timeout=300, **variables):
    """Run a command and capture what it says, as text."""
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd or ROOT,
        env=environment(**variables),
        timeout=timeout,
        capture_output=True,
        text=True,
        check=False,
    )


def tool(name, *words, cwd=None, timeout=300, **variables):
    """Run a Python tool of ours in a process of its own."""
    words = ROOT / 'tools' / name, *words
    return run_script(words, cwd or ROOT, environment(**variables), timeout)


def start_tool(name, *words, said):
    """Start a Python tool of ours that is to be killed."""
    return start_script(
        [ROOT / 'tools' / name, *words], ROOT, environment(), said
    )


def tool_in_two(name, *words, launcher='pytorch', cwd=None, **variables):
    """Run a Python tool of ours in two processes that work together.

    They get what the launch scripts tell theirs; those start anew all that a
    fork has, which test_dist.py looks at.

    Returns:
        CompletedProcess: The worse status, and what both said.
    """
    port, names = free_port(), VARIABLES[launcher]

    def process(rank):
        theirs = dict(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE='2')
        return tool(
            *(name, *words, '--launcher', launcher),
            cwd=cwd,
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=port,
            **{names[ours]: value for ours, value in theirs.items()},
            **variables,
        )

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(process, range(2))
    return subprocess.CompletedProcess(
        first.args,
        first.returncode or second.returncode,
        first.stdout + second.stdout,
        first.stderr + second.stderr,
    )


@pytest.fixture
def call_tool(monkeypatch):
    """Call the ``main`` of a tool, where a process would show no more.

    It gives what the tool printed. What a user can mend is raised, and
    ``run_tool`` makes it a message.
    """

    def call(name, *words):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, words)])
        main = runpy.run_path(str(ROOT / 'tools' / name))['main']
        # Not capsys, which closes what loggers of mmengine go on writing to.
        with redirect_stdout(StringIO()) as said:
            main()
        return said.getvalue()

    return call


def free_port():
    """A port for processes to meet at, as text."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def pytest_collection_modifyitems(items):
    """Skip what needs a GPU where there is none."""
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker('gpu'):
                item.add_marker(pytest.mark.skip(reason='needs a GPU'))
