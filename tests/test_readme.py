"""What the README shows runs as it stands there."""

import re
import shlex

import pytest

from tests.conftest import ROOT, tool

TEXT = (ROOT / 'README.md').read_text()
#: What the tiny classifier of the tests can show as it stands.
HERE = (
    'python tools/misc/check_env.py',
    'python tools/misc/print_config.py CONFIG',
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


def test_the_plain_torch_snippet_runs():
    (snippet,) = re.findall(r'```python\n(import torch.*?)```', TEXT, re.S)
    exec(compile(snippet, 'README.md', 'exec'), {})
