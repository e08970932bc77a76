"""Every declared table and benchmark can be listed, loaded and planned."""

import subprocess
import sys

import pytest

from mmchanpos.experiments import Setting, dry_run, load, titles
from mmchanpos.experiments.benchmarks import claims
from mmchanpos.experiments.benchmarks import load as load_benchmark


@pytest.mark.parametrize('quick', [True, False], ids=['quick', 'full'])
@pytest.mark.parametrize('name', titles())
def test_an_experiment_can_say_what_it_would_do(name, quick, tmp_path):
    pytest.importorskip('mmcv')
    setting = Setting(quick=quick, work_dir=tmp_path)
    lines = dry_run(load(name), setting)
    assert lines[0] == f'# {titles()[name]}'
    assert 'in all' in lines[-1]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize('name', claims())
def test_a_benchmark_loads(name):
    assert callable(load_benchmark(name))


def test_declarations_import_no_host():
    code = (
        'import sys\n'
        'from mmchanpos.experiments import load, titles\n'
        'from mmchanpos.experiments import benchmarks\n'
        'for name in titles(): load(name)\n'
        'for name in benchmarks.claims(): benchmarks.load(name)\n'
        'hosts = {"mmpretrain", "mmseg", "mmdet", "mmcv"}\n'
        'print(hosts & set(sys.modules) or "none")\n'
    )
    found = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == 'none'
