"""Tools run in their own process, and texts find the folders of steps."""

from pathlib import Path

import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments import Context, Setting, Tool
from mmchanpos.experiments.run import steps
from mmchanpos.experiments.run.steps import home, run_logged


@pytest.fixture
def context(tmp_path):
    folders = dict(one=tmp_path / 'one', two=tmp_path / 'two words')
    for folder in folders.values():
        folder.mkdir()
    return Context(Setting(), folders['two'], folders)


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """A tool that writes its first argument, doubled, to its second."""
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'double.py').write_text(
        'import json, sys\n'
        'print("doubling")\n'
        'number = int(sys.argv[1])\n'
        'json.dump({"double": 2 * number}, open(sys.argv[2], "w"))\n'
    )
    monkeypatch.setattr(steps, 'home', lambda: tmp_path)
    return lambda number: Tool(
        'two', 'double.py', [number, '{two}/a.json'], '{two}/a.json'
    )


def test_a_tool_runs_and_its_json_is_the_result(tool, context):
    step = tool(21)
    assert step.run(context) == {'double': 42}
    assert (context.folder / 'output.log').read_text() == 'doubling\n'
    assert step.after() == set()
    (line,) = step.commands(context)
    assert line.startswith('python tools/double.py 21 ')
    assert line.endswith("two words/a.json'")


def test_a_failing_tool_shows_how_it_ended(tool, context):
    with pytest.raises(InputError, match='(?s)status 1.*invalid literal'):
        tool('x').run(context)


def test_texts_are_filled_at_any_depth(context):
    value = {'{one}': ['{one}/a', ('{two}', 3)], 'b': None}
    one, two = (str(f) for f in context.folders.values())
    assert context.fill(value) == {one: [f'{one}/a', (two, 3)], 'b': None}


def test_a_step_without_checkpoint_is_told(context):
    with pytest.raises(InputError, match='"one" saved no checkpoint'):
        context.checkpoint('one')


def test_home_holds_configs_and_tools():
    assert (home() / 'configs').is_dir()
    assert (home() / 'tools' / 'reproduce.py').is_file()


def test_only_the_end_of_a_long_log_is_shown(tmp_path):
    line = ['bash', '-c', 'seq 100; exit 3']
    with pytest.raises(InputError) as e:
        run_logged(line, Path(tmp_path / 'log'))
    assert '  | 100' in str(e.value)
    assert '  | 80' not in str(e.value)
