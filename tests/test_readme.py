"""What the README shows runs as it stands there."""

import re
import shlex

import pytest

from mmchanpos.experiments.papers import NAMES
from tests.conftest import ROOT, tool

TEXT = (ROOT / 'README.md').read_text()
#: What the tiny classifier of the tests can show as it stands.
HERE = (
    'python tools/misc/check_env.py',
    'python tools/misc/print_config.py CONFIG',
)
#: Tables and figures of both papers, as the README groups them.
ITEMS = (
    *('Table 1', 'Table 2', 'Table S1', 'Fig. 4, 5', 'Fig. 6, S3, S4'),
    *('Fig. S1', 'Fig. S2', 'PosENet Tables 1 to 4, Fig. 4, 5'),
    *('PosENet Fig. 1', 'PosENet Table 5', 'PosENet Table 6'),
)


@pytest.mark.parametrize('command', HERE)
def test_a_command_runs_as_it_is_written(command, tiny_run, tmp_path):
    assert f'`{command}' in TEXT
    config, checkpoint = tiny_run
    words = [
        {'CONFIG': config, 'CHECKPOINT': checkpoint}.get(word, word)
        for word in shlex.split(command)
    ]
    done = tool(words[1].split('/', 1)[1], *words[2:], cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize('start', ['default_hooks', '_base_'])
def test_a_hook_of_the_readme_is_taken_as_it_is(
    start, tiny_run, call_tool, tmp_path, monkeypatch
):
    (snippet,) = re.findall(rf'```python\n({start}.*?)```', TEXT, re.S)
    config, checkpoint = tiny_run
    monkeypatch.chdir(tmp_path)
    call_tool('rank_channels.py', *tiny_run, '--out', 'work_dirs/rank')
    changed = tmp_path / 'changed.py'
    if start == '_base_':
        snippet = snippet.replace('HOST CONFIG', str(config))
    else:
        snippet = f"_base_ = '{config}'\n{snippet}"
    changed.write_text(snippet)
    # The tiny classifier has eight channels, not hundreds.
    few = '--cfg-options', 'default_hooks.channel_zeroing.top=3'
    words = changed, checkpoint, '--work-dir', tmp_path / 'work', *few
    assert 'overall top 3' in call_tool('test.py', *words)


def test_every_table_and_figure_of_the_papers_has_a_row():
    """What it takes, and what was run of it: no cell is silent."""
    (table,) = re.findall(r'\n(\| of the papers .*?)\n\n', TEXT, re.S)
    lines = [x for x in table.splitlines() if '---' not in x]
    rows = [line.strip('| ').split(' | ') for line in lines]
    assert {len(row) for row in rows} == {6}
    assert all(cell.strip() for row in rows for cell in row)
    commands = ' '.join(row[1] for row in rows)
    # That one is of no paper.
    for name in set(NAMES) - {'beyond'}:
        assert f'`{name}`' in commands
    items = ' '.join(row[0] for row in rows)
    for item in ITEMS:
        assert item in items


def test_the_plain_torch_snippet_runs():
    (snippet,) = re.findall(r'```python\n(import torch.*?)```', TEXT, re.S)
    exec(compile(snippet, 'README.md', 'exec'), {})
