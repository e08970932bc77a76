"""The launch scripts, with real processes on the CPU."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from mmchanpos.engine.checkpoint import read_checkpoint
from tests.conftest import ROOT, free_port, run, tool, tool_in_two

TOOLS = ROOT / 'tools'


@pytest.fixture(scope='module')
def one_process(tiny_run, tmp_path_factory):
    """What a test in one process writes."""
    folder = tmp_path_factory.mktemp('one')
    out = folder / 'metrics.json'
    words = *tiny_run, '--out', out, '--work-dir', folder
    tool('test.py', *words).check_returncode()
    return out.read_text()


def test_two_processes_print_the_metric_of_one(
    tiny_run, one_process, tmp_path
):
    out = tmp_path / 'two.json'
    words = *tiny_run, 2, '--out', out, '--work-dir', tmp_path / 'work'
    script = TOOLS / 'dist_test.sh'
    done = run(script, *words, cwd=tmp_path, PORT=free_port())
    assert done.returncode == 0, done.stderr
    # 31 images do not halve: what the sampler pads in must not count.
    assert out.read_text() == one_process
    assert 0 < json.loads(one_process)['accuracy/top1'] <= 100


def test_two_nodes_on_loopback(tiny_run, one_process, tmp_path):
    config, checkpoint = tiny_run
    port = free_port()

    def node(rank):
        out = tmp_path / f'{rank}.json'
        words = '--out', out, '--work-dir', tmp_path / 'work'
        return run(
            TOOLS / 'dist_test.sh',
            config,
            checkpoint,
            1,
            *words,
            cwd=tmp_path,
            NNODES='2',
            NODE_RANK=str(rank),
            PORT=port,
        )

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(node, range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert (tmp_path / '0.json').read_text() == one_process
    # Only the main process writes.
    assert not (tmp_path / '1.json').exists()


def test_two_processes_of_mpi(tiny_run, one_process, tmp_path):
    out = tmp_path / 'mpi.json'
    words = *tiny_run, '--out', out, '--work-dir', tmp_path
    done = tool_in_two('test.py', *words, launcher='mpi', cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert out.read_text() == one_process


def test_two_processes_attack_as_one_does(tiny_run, call_tool, tmp_path):
    words = '--tops', '2', '4', '--random', '2', '--matched', '0'
    call_tool('attack.py', *tiny_run, '--out', tmp_path / 'one', *words)
    given = *tiny_run, '--out', tmp_path / 'two', *words
    done = tool_in_two('attack.py', *given, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    one, two = (
        json.loads((tmp_path / name / 'sweep/sweep.json').read_text())
        for name in ('one', 'two')
    )
    assert one['rows'] == two['rows']
    # Nothing off, two numbers of channels, and two draws of each.
    assert len(one['rows']) == 1 + 2 + 4


def test_two_processes_train_one_model(tiny_config, tmp_path):
    words = tiny_config, '--cfg-options', 'train_cfg.max_epochs=1'
    done = tool_in_two('train.py', *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    saved = read_checkpoint(tmp_path / 'work/epoch_1.pth')
    # 31 images in batches of 8 on each of two processes.
    assert saved['meta']['iter'] == 2
    assert not any('module.' in name for name in saved['state_dict'])


def test_a_training_of_a_published_config_needs_no_data(tmp_path):
    config = ROOT / 'configs/augshift/resnet18_cifar10.py'
    options = (
        'model.backbone.stem_channels=4',
        'model.backbone.base_channels=4',
        'model.head.in_channels=32',
    )
    words = config, 2, '--builtin', '--cfg-options', *options
    script = TOOLS / 'dist_train.sh'
    done = run(script, *words, cwd=tmp_path, PORT=free_port())
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'work_dirs/resnet18_cifar10/epoch_2.pth').is_file()


def test_data_that_is_not_there_is_one_message_of_all_processes(tmp_path):
    config = ROOT / 'configs/augshift/resnet18_imagenet.py'
    # Where torchrun has a folder for each process.
    theirs = dict(TORCHELASTIC_ERROR_FILE=str(tmp_path / 'run/0/error.json'))
    (tmp_path / 'run').mkdir()
    done = tool_in_two('train.py', config, cwd=tmp_path, **theirs)
    assert done.returncode == 2
    assert 'Traceback' not in done.stderr
    (line,) = [x for x in done.stderr.splitlines() if 'error' in x]
    assert 'data/imagenet' in line
    assert '--builtin' in line
    assert not (tmp_path / 'work_dirs').exists()


def stand_in_srun(folder, tasks):
    """An ``srun`` that starts its tasks here, with slurm's variables."""
    script = folder / 'srun'
    script.write_text(
        '#!/usr/bin/env bash\n'
        f'echo "$@" > {folder}/arguments\n'
        'while [[ $1 == -* ]]; do [[ $1 == -p ]] && shift; shift; done\n'
        f'for i in $(seq 0 {tasks - 1}); do\n'
        '  SLURM_PROCID=$i SLURM_LOCALID=$i SLURM_NODELIST=here \\\n'
        f'    SLURM_NTASKS={tasks} "$@" & pids+=($!)\n'
        'done\n'
        'for pid in "${pids[@]}"; do wait $pid || exit $?; done\n'
    )
    control = folder / 'scontrol'
    control.write_text('#!/usr/bin/env bash\necho 127.0.0.1\n')
    for path in (script, control):
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f'{folder}{os.pathsep}{os.environ["PATH"]}'


def test_slurm_with_a_stand_in(tiny_run, one_process, tmp_path):
    out = tmp_path / 'slurm.json'
    words = *tiny_run, '--out', out, '--work-dir', tmp_path / 'work'
    done = run(
        TOOLS / 'slurm_test.sh',
        'part',
        'job',
        *words,
        cwd=tmp_path,
        PATH=stand_in_srun(tmp_path, tasks=2),
        GPUS='2',
        MASTER_PORT=free_port(),
        SRUN_ARGS='--quiet -v',
    )
    assert done.returncode == 0, done.stderr
    assert out.read_text() == one_process
    said = (tmp_path / 'arguments').read_text()
    assert '-p part --job-name=job --gres=gpu:2 --ntasks=2' in said
    assert '--quiet -v' in said


@pytest.mark.parametrize(
    ('script', 'words', 'said'),
    [
        ('dist_train.sh', ['config.py'], 'usage: tools/dist_train.sh'),
        ('dist_test.sh', ['config.py', 'x.pth'], 'usage: tools/dist_test.sh'),
        ('dist_attack.sh', ['config.py', 'x'], 'usage: tools/dist_attack.sh'),
        ('slurm_attack.sh', ['a', 'b', 'c', 'd'], 'srun was not found'),
        ('dist_train.sh', ['config.py', '0'], 'at least 1'),
        ('dist_train.sh', ['config.py', 'two'], "got 'two'"),
        ('slurm_train.sh', ['part', 'job'], 'usage: tools/slurm_train.sh'),
        ('slurm_test.sh', ['a', 'b', 'c', 'd'], 'srun was not found'),
    ],
)
def test_wrong_words_are_told_before_anything_starts(script, words, said):
    done = run(TOOLS / script, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert 'Traceback' not in done.stderr


def test_two_processes_say_once_what_is_wrong(tiny_run, tmp_path):
    config, _ = tiny_run
    script, missing = TOOLS / 'dist_attack.sh', tmp_path / 'none.pth'
    done = run(script, config, missing, 2, cwd=tmp_path, PORT=free_port())
    assert done.returncode == 2
    assert done.stderr.count('none.pth does not exist') == 1
    assert 'Traceback' not in done.stderr
    assert 'ChildFailedError' not in done.stderr


STOP = """
import os, signal
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

@HOOKS.register_module()
class Stop(Hook):
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.rank == 1 and runner.iter == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.mark.slow
def test_a_process_that_stops_answering_ends_the_run(tiny_config, tmp_path):
    (tmp_path / 'stopping.py').write_text(STOP)
    with open(tiny_config, 'a') as file:
        file.write("custom_imports = dict(imports=['stopping'])\n")
        file.write("custom_hooks = [dict(type='mmengine.Stop')]\n")
    done = run(
        *(TOOLS / 'dist_train.sh', tiny_config, 2),
        cwd=tmp_path,
        PORT=free_port(),
        PYTHONPATH=f'{tmp_path}{os.pathsep}{ROOT}',
        MMCHANPOS_PATIENCE='5',
    )
    assert done.returncode == 2
    assert done.stderr.count('did not answer') == 1
    assert 'Traceback' not in done.stderr


def test_more_gpus_than_there_are_is_told_by_the_script(tmp_path):
    # A module that stands before torch's own answer: a machine with one GPU.
    (tmp_path / 'sitecustomize.py').write_text(
        'import torch\n'
        'torch.cuda.is_available = lambda: True\n'
        'torch.cuda.device_count = lambda: 1\n'
    )
    paths = f'{tmp_path}{os.pathsep}{ROOT}'
    script = TOOLS / 'dist_train.sh'
    done = run(script, 'config.py', 4, PYTHONPATH=paths)
    assert done.returncode == 2
    assert '4 processes were asked for on this node' in done.stderr
