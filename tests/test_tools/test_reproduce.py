"""tools/reproduce.py and tools/benchmark.py as a user types them."""

import json
import os
import re
import subprocess
import sys

import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments.papers import NAMES
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


@pytest.mark.parametrize(
    'words',
    [
        'benchmark.py loader --repeats 0',
        'reproduce.py fig4 --gpus 0',
        'reproduce.py fig4 --jobs -1',
    ],
)
def test_a_number_that_is_too_small_is_told(words, call_tool, capsys):
    with pytest.raises(SystemExit) as end:
        call_tool(*words.split())
    assert end.value.code == 2
    *_, option, value = words.split()
    said = capsys.readouterr().err
    assert f'argument {option}: a whole number' in said
    assert f'was wanted, not "{value}"' in said


def test_list_imports_no_host():
    code = (
        'import sys\n'
        'from mmchanpos.experiments import titles\n'
        'from mmchanpos.experiments.benchmarks import claims\n'
        'titles(), claims()\n'
        'hosts = {"mmpretrain", "mmseg", "mmdet", "mmcv"}\n'
        'assert not hosts & set(sys.modules), hosts & set(sys.modules)\n'
    )
    subprocess.run([sys.executable, '-c', code], check=True)


@pytest.mark.parametrize(
    ('names', 'given', 'message'),
    [
        (['table1'], 'a.pth', 'roles: none here'),
        (['tableS1'], 'a.pth', 'ROLE=FILE was wanted; roles: cascade-rcnn'),
        (['figS1'], 'classification=a.pth', 'add --checkpoint segmentation='),
        (['fig4'], 'a.pth', 'a.pth does not exist'),
        (['fig4'], 'net=a.pth', 'no net of role "net".*segmentor'),
        (['fig4'], 'runs/lr=0.1/a.pth', 'runs/lr=0.1/a.pth does not exist'),
    ],
)
def test_given_weights_are_checked_first(
    names, given, message, call_tool, tmp_path
):
    with pytest.raises(InputError, match=message):
        call_tool(
            'reproduce.py',
            *names,
            '--checkpoint',
            given,
            '--work-dir',
            tmp_path / 'work',
        )
    assert not (tmp_path / 'work').exists()


def test_a_benchmark_of_anybody_writes_its_ratio(tmp_path, call_tool):
    folder = tmp_path / 'declared'
    folder.mkdir()
    (folder / 'sums.py').write_text(
        '"""Adding twice as much takes twice as long."""\n'
        'from mmchanpos.experiments.benchmarks import compare\n'
        'def measure(repeats):\n'
        '    return compare("2n", lambda: sum(range(2000000)),\n'
        '        "n", lambda: sum(range(1000000)), repeats, at_most=99)\n'
    )
    said = call_tool(
        'benchmark.py',
        folder / 'sums.py',
        '--json',
        tmp_path / 'a.json',
        '--repeats',
        3,
    )
    assert 'at most 99' in said
    assert 'holds' in said
    saved = json.loads((tmp_path / 'a.json').read_text())
    assert len(saved[str(folder / 'sums.py')]['top_seconds']) == 3
    assert saved[str(folder / 'sums.py')]['met'] is True
    assert saved['machine']['torch']


def test_the_script_for_all_says_what_failed(tmp_path):
    """Its status is that of what it runs, and its time comes last."""
    script = ROOT / 'tools/misc/builtin.sh'
    done = subprocess.run(
        ['bash', script, 'tabel9'],
        env={**os.environ, 'WORK_DIR': str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2, done.stderr
    assert re.fullmatch(r'in all \d+ s\n', done.stdout)
    assert 'there is no "tabel9"' in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize('name', NAMES)
def test_a_full_experiment_ends_on_drawn_images(name, tmp_path, call_tool):
    call_tool('reproduce.py', name, '--builtin', '--work-dir', tmp_path)
    (page,) = tmp_path.glob('*/report/report.html')
    assert 'Provenance' in page.read_text(encoding='utf8')


def test_one_file_is_one_training(call_tool):
    with pytest.raises(InputError, match='segmentor: each file, once'):
        call_tool('reproduce.py', 'fig4', '--checkpoint', 'a.pth', 'a.pth')
