"""tools/reproduce.py and tools/benchmark.py as a user types them."""

import json
import subprocess
import sys

import pytest

from mmchanpos.errors import InputError
from tests.conftest import ROOT


@pytest.mark.parametrize('tool', ['reproduce.py', 'benchmark.py'])
def test_a_name_that_does_not_exist_is_told(tool, call_tool):
    with pytest.raises(InputError, match='^there is no "tabel9".*--list'):
        call_tool(tool, 'tabel9')


@pytest.mark.parametrize('tool', ['reproduce.py', 'benchmark.py'])
def test_no_name_shows_the_usage(tool, call_tool, capsys):
    with pytest.raises(SystemExit) as end:
        call_tool(tool)
    assert end.value.code == 2
    assert 'usage' in capsys.readouterr().err


def test_list_imports_no_experiment_and_no_host():
    code = (
        'import sys\n'
        'from mmchanpos.experiments import titles\n'
        'from mmchanpos.experiments.benchmarks import claims\n'
        'names = list(titles())\n'
        'claims()\n'
        'hosts = {"mmpretrain", "mmseg", "mmdet", "mmcv"}\n'
        'assert not hosts & set(sys.modules), hosts & set(sys.modules)\n'
        'loaded = [n for n in names if "mmchanpos.experiments.papers." + n in '
        'sys.modules]\n'
        'assert not loaded, loaded\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


def test_a_benchmark_writes_its_ratio(tmp_path):
    folder = tmp_path / 'declared'
    folder.mkdir()
    (folder / 'sums.py').write_text(
        '"""Adding twice as much takes twice as long."""\n'
        'from mmchanpos.experiments.benchmarks import compare\n'
        'def measure(repeats):\n'
        '    return compare("2n", lambda: sum(range(200000)),\n'
        '        "n", lambda: sum(range(100000)), repeats, at_most=9)\n'
    )
    code = (
        'import sys, runpy\n'
        f'sys.argv = ["benchmark.py", "sums", "--json", "{tmp_path}/a.json",'
        ' "--repeats", "3"]\n'
        'import mmchanpos.experiments.benchmarks as b\n'
        f'b.__path__.append("{folder}")\n'
        'b.claims = lambda: {"sums": "x"}\n'
        f'runpy.run_path("{ROOT}/tools/benchmark.py", run_name="__main__")\n'
    )
    found = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'at most 9: holds' in ' '.join(found.stdout.split())
    saved = json.loads((tmp_path / 'a.json').read_text())
    assert len(saved['sums']['top_seconds']) == 3
    assert saved['sums']['met'] is True
    assert saved['machine']['torch']
