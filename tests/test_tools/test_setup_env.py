"""``tools/setup_env.sh``, with a stand-in for Python that installs nothing."""

import os
import shutil
import sys

import pytest

from tests.conftest import ROOT, run

FAKE = """#!/usr/bin/env bash
# Logs what would be installed; everything else is the real thing.
if [[ $1 == -m && $2 == pip ]]; then
    echo "$*" >> {log}
    [[ -n "$FAIL" && $* == *$FAIL* ]] && exit 1
    last="${{@: -1}}" sources=mmcv/ops/csrc/pytorch
    if [[ $* == *"download -q"*mmdet* ]]; then
        {real} -m zipfile -c "$last/mmdet-0.whl" "$0"
    elif [[ $* == *"download -q"* ]]; then
        mkdir -p "$last/made/mmcv/$sources$WITHOUT_CPU/cpu"
        touch "$last/made/mmcv/$sources/"{{nms,roi}}.cpp
        touch "$last/made/mmcv/$sources$WITHOUT_CPU/cpu/"{{box,psamask}}.cpp
        tar -C "$last/made" -czf "$last/mmcv-0.tar.gz" mmcv
    fi
    if [[ $* == *"wheel -q"* ]]; then
        (cd "$6/$sources" && tail -n +1 *.cpp */*.cpp) >> {log} 2>&1
        touch "$last/mmcv-0-any.whl"
    fi
elif [[ $1 == -m && $2 == venv ]]; then
    folder=${{@: -1}}
    rm -rf "$folder"
    mkdir -p "$folder/bin" "$folder/site"
    cp "$0" "$folder/bin/python"
elif [[ $1 == -c && $2 == *getsitepackages* ]]; then
    echo "$(dirname "$0")/../site"
elif [[ $1 == -c && $2 == *version_info* ]]; then
    exit ${{WRONG_VERSION:-0}}
else
    exec {real} "$@"
fi
"""


class Machine:
    """A home, an empty cache, and as many clones as wanted."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / 'pip.log'
        (folder / 'bin').mkdir()
        python = folder / 'bin/python3.11'
        python.write_text(FAKE.format(log=self.log, real=sys.executable))
        python.chmod(0o755)

    def set_up(self, clone, *words, text=None, **variables):
        tools = self.folder / clone / 'tools'
        tools.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / 'tools/setup_env.sh', tools)
        if text is not None:
            (tools / 'setup_env.sh').write_text(text)
        path = f'{self.folder}/bin{os.pathsep}{os.environ["PATH"]}'
        defaults = dict(
            PATH=path,
            HOME=str(self.folder),
            XDG_CACHE_HOME='',
            MMCHANPOS_CACHE='',
            MMCHANPOS_PYTHON='',
            MMCHANPOS_DEVICE='',
            MMCHANPOS_STACK='',
            FAIL='',
        )
        script = tools / 'setup_env.sh'
        return run('bash', script, *words, **{**defaults, **variables})

    def installed(self):
        text = self.log.read_text() if self.log.exists() else ''
        self.log.unlink(missing_ok=True)
        return text


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_the_first_clone_installs_all_and_prints_the_interpreter(machine):
    done = machine.set_up('one', '--python')
    assert done.returncode == 0, done.stderr
    assert done.stdout == f'{machine.folder}/one/.venv/bin/python\n'
    assert 'building mmcv 2.1.0 (about 3 minutes' in done.stderr
    assert 'heavy part ready after' in done.stderr
    pip = machine.installed()
    for part in ('torch==2.9.1', 'mmcv==2.1.0 --no-bin', 'mmdet==3.3.0'):
        assert part in pip


def test_a_second_run_and_a_second_clone_install_nothing(machine):
    machine.set_up('one')
    machine.installed()
    again = machine.set_up('one', '--python')
    other = machine.set_up('two', '--python')
    assert machine.installed() == ''
    assert again.stderr == ''
    assert other.stdout == f'{machine.folder}/two/.venv/bin/python\n'
    for clone in ('one', 'two'):
        site = machine.folder / clone / '.venv/site'
        found = (site / 'mmchanpos-clone.pth').read_text().strip()
        assert found == str(machine.folder / clone)
        assert (
            '.cache/mmchanpos/env-'
            in (site / 'mmchanpos-heavy.pth').read_text()
        )


@pytest.mark.parametrize(
    ('failing', 'done_before', 'still_to_do'),
    [
        ('torch==2.9.1', [], ['torch==2.9.1', 'mmcv==2.1.0', 'mmdet']),
        ('download', ['torch==2.9.1'], ['mmcv==2.1.0', 'mmdet']),
        ('wheel -q', ['torch==2.9.1'], ['mmcv==2.1.0', 'mmdet']),
        ('mmdet', ['torch==2.9.1', 'mmcv==2.1.0'], ['mmdet']),
    ],
)
def test_an_interrupted_run_goes_on_where_it_stopped(
    machine, failing, done_before, still_to_do
):
    assert machine.set_up('one', FAIL=failing).returncode != 0
    machine.installed()
    assert not (machine.folder / 'one/.venv/.heavy').exists()
    assert machine.set_up('one').returncode == 0
    pip = machine.installed()
    assert all(part in pip for part in still_to_do)
    assert not any(part in pip for part in done_before)


def test_a_wheel_that_was_built_outlives_its_environment(machine):
    machine.set_up('one')
    machine.installed()
    for env in (machine.folder / '.cache/mmchanpos').glob('env-*'):
        shutil.rmtree(env)
    machine.set_up('one')
    pip = machine.installed()
    assert 'torch==2.9.1' in pip
    assert 'wheel -q' not in pip
    assert 'mmcv-0-any.whl' in pip


def test_the_sources_of_mmcv_are_compiled_as_one(machine):
    machine.set_up('one')
    pip = machine.installed()
    assert pip.count('wheel -q') == 1
    assert '==> all.cpp <==\n#include "joined/nms.cpp"\n' in pip
    assert '==> cpu/all.cpp <==\n#include "joined/box.cpp"\n\n' in pip
    assert '==> cpu/psamask.cpp <==' in pip
    assert '==> nms.cpp <==' not in pip


@pytest.mark.parametrize(
    'why', [dict(FAIL='/joined '), dict(WITHOUT_CPU='/elsewhere')]
)
def test_where_that_fails_mmcv_is_built_as_its_authors_do(machine, why):
    done = machine.set_up('one', **why)
    assert done.returncode == 0, done.stderr
    assert 'the fast build failed; now the usual one' in done.stderr
    pip = machine.installed()
    assert '==> nms.cpp <==' in pip
    assert 'mmcv-0-any.whl' in pip


def test_one_more_host_costs_neither_torch_nor_mmcv(machine):
    machine.set_up('one')
    machine.installed()
    script = machine.folder / 'one/tools/setup_env.sh'
    text = script.read_text().replace('ftfy regex', 'ftfy regex another')
    done = machine.set_up('two', text=text)
    assert done.returncode == 0, done.stderr
    pip = machine.installed()
    assert 'another' in pip
    assert not any(part in pip for part in ('torch==', 'mmcv'))
    # The first clone shares the environment and asks for its own hosts.
    machine.set_up('one')
    assert 'mmdet' in machine.installed()


def test_the_forks_link_the_torch_of_the_usual_stack(machine):
    machine.set_up('one')
    (stock,) = (machine.folder / '.cache/mmchanpos').glob('env-*')
    (stock / 'libtorch.so').write_text('2 GB')
    machine.installed()
    done = machine.set_up('one', '--python', MMCHANPOS_STACK='forks')
    assert done.returncode == 0, done.stderr
    assert done.stdout == f'{machine.folder}/one/.venv-forks/bin/python\n'
    pip = machine.installed()
    assert pip.index('uninstall -q -y mmcv') < pip.index('onedl-mmdet')
    heavy = (machine.folder / 'one/.venv-forks/.heavy').read_text().strip()
    assert heavy != str(stock)
    linked = machine.folder / heavy / 'libtorch.so'
    assert linked.samefile(stock / 'libtorch.so')
    assert machine.set_up('one').stderr.count('own part') == 0
    assert machine.installed() == ''


def test_a_gpu_has_its_own_environment_and_asks_for_its_compiler(machine):
    smi = machine.folder / 'bin/nvidia-smi'
    smi.write_text('#!/bin/sh\n[ "$1" = -L ] || printf "9.0\\n9.0\\n8.6\\n"\n')
    smi.chmod(0o755)
    if shutil.which('nvcc') is None:
        done = machine.set_up('one', CUDA_HOME='/nowhere')
        assert done.returncode == 2
        assert 'needs the compiler of CUDA for this GPU' in done.stderr
    nvcc = machine.folder / 'cuda/bin/nvcc'
    nvcc.parent.mkdir(parents=True)
    nvcc.touch(0o755)
    machine.set_up('one', CUDA_HOME=str(machine.folder / 'cuda'))
    machine.set_up('one', MMCHANPOS_DEVICE='cpu', CUDA_HOME='/nowhere')
    wheels = os.listdir(machine.folder / '.cache/mmchanpos/wheels')
    ends = sorted(name.split('-', 3)[-1] for name in wheels)
    assert [end.split('-', 1)[1] for end in ends] == ['cpu', 'cuda-sm86-90']


def test_an_existing_environment_is_honoured(machine):
    python = dict(MMCHANPOS_PYTHON=sys.executable)
    done = machine.set_up('one', '--python', **python)
    assert done.stdout == sys.executable + '\n'
    assert machine.installed() == ''
    done = machine.set_up('one', MMCHANPOS_PYTHON='/no/python')
    assert done.returncode == 2
    assert 'MMCHANPOS_PYTHON=/no/python is no program' in done.stderr


def test_another_python_is_told(machine):
    done = machine.set_up('one', WRONG_VERSION='1')
    assert done.returncode == 2
    assert 'Python 3.11 with venv was not found' in done.stderr
