"""Every command of the README is run: here, or where this file says."""

import re
import shlex

import pytest

from tests.conftest import ROOT, tool

TEXT = (ROOT / 'README.md').read_text()
#: Start of a command -> the test or script that runs the like of it.
ELSEWHERE = {
    'bash tools/quickstart.sh': 'tools/quickstart.sh',
    'tools/quickstart.sh --only': 'tools/quickstart.sh',
    'bash tools/run_tests.sh': '.ci/run',
    'pip install torch': 'tools/setup_env.sh',
    'pip install mmcv': 'tools/setup_env.sh',
    "pip install -e '.[all]'": 'tests/test_packaging.py',
    'pip install setuptools': 'tools/setup_env.sh',
    'python -m mmchanpos': 'tests/test_downstream/test_hosts_own_tools.py',
    'python tools/rank_channels.py': 'tests/test_readme.py',
    'python tools/attack.py': 'tests/test_tools/test_attack.py',
    'python tools/shift_eval.py': 'tests/test_tools/test_shift_eval.py',
    'python tools/probe.py': 'tests/test_tools/test_probe.py',
    'tools/dist_train.sh': 'tests/test_tools/test_dist.py',
    'python tools/reproduce.py': 'tests/test_experiments/test_declarations.py',
    'python tools/benchmark.py': 'tests/test_experiments/test_declarations.py',
    'python tools/misc/make_synthetic.py': (
        'tests/test_tools/test_make_synthetic.py'
    ),
    'python tools/misc/browse_dataset.py': (
        'tests/test_tools/test_make_synthetic.py'
    ),
    'python tools/misc/notebook_example.py': (
        'tests/test_tools/test_notebook_example.py'
    ),
    'python tools/train.py CONFIG': 'tests/test_tools/test_train_test.py',
    'python tools/test.py CONFIG': 'tests/test_tools/test_train_test.py',
}
#: What the tiny classifier of the tests can show as it stands.
HERE = (
    'python tools/misc/check_env.py',
    'python tools/misc/print_config.py CONFIG',
)


def commands():
    """Every command in code, comments taken off."""
    blocks = re.findall(r'```bash\n(.*?)```', TEXT, re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    # Code in the middle of a text must not reach over a line.
    lines += re.findall(r'`([^`\n]+)`', TEXT)
    found = (line.split('  #')[0].strip() for line in lines)
    starts = ('python ', 'bash ', 'tools/', 'pip install')
    # A lone name is no command.
    return sorted({x for x in found if x.startswith(starts) and ' ' in x})


def test_the_readme_has_commands():
    assert len(commands()) > 15


@pytest.mark.parametrize('command', commands())
def test_a_command_is_run_somewhere(command):
    plain = command.replace("'setuptools<81'", 'setuptools')
    if plain.startswith(HERE):
        return
    places = [v for k, v in ELSEWHERE.items() if plain.startswith(k)]
    assert places, f'"{command}" is run by no test'
    assert (ROOT / places[0]).is_file()


@pytest.mark.parametrize('command', commands())
def test_files_and_options_of_a_command_exist(command):
    words = shlex.split(command)
    for word in words:
        if word.startswith(('tools/', 'configs/', 'mmchanpos/')):
            assert (ROOT / word).exists(), word
    script = next((w for w in words if w.endswith('.py')), '')
    if not script.startswith('tools/'):
        return
    source = (ROOT / script).read_text()
    source += (ROOT / 'mmchanpos/engine/cli.py').read_text()
    for option in (w for w in words if w.startswith('--')):
        name = option.split('=')[0]
        sided = name.replace('left', '{side}').replace('right', '{side}')
        assert f"'{name}'" in source or f"'{sided}'" in source, option


@pytest.mark.parametrize(
    'command', [c for c in commands() if c.startswith(HERE)]
)
def test_a_command_runs_as_it_is_written(command, tiny_run, tmp_path):
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
