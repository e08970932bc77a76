"""Tools run in their own process, and texts find the folders of steps."""

import pytest

from mmchanpos.errors import InputError
from mmchanpos.experiments import Call, Context, Setting, Tool
from mmchanpos.experiments.run import commands
from mmchanpos.experiments.run.store import Store


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
    monkeypatch.setattr(commands, 'home', lambda: tmp_path)
    return lambda number: Tool(
        'two',
        tool='double.py',
        arguments=[number, '{two}/a.json'],
        result='{two}/a.json',
    )


def test_a_tool_runs_and_its_json_is_the_result(tool, context):
    step = tool(21)
    assert step.run(context) == {'double': 42}
    assert (context.folder / 'output.log').read_text() == 'doubling\n'
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


def test_a_checkpoint_is_asked_for_and_not_guessed(context):
    pointer = context.folders['one'] / 'last_checkpoint'
    text = '{one:checkpoint}'
    assert context.fill(text) == f'"$(cat {pointer})"'
    pointer.write_text('some.pth')
    assert context.fill(text) == 'some.pth'
    context.results['one'] = dict(checkpoint='known.pth')
    assert context.fill(text) == 'known.pth'


def test_a_text_may_name_only_what_its_step_needs(tmp_path):
    one = Call('one')
    two = Call('two', arguments={'path': '{one}/a'})
    store = Store(tmp_path, [one, two], Setting(work_dir=tmp_path))
    with pytest.raises(InputError, match='uses "one".*not among'):
        store.begin(two, {}).fill(two.arguments)


def test_a_step_comes_after_what_it_needs(tmp_path):
    steps = [Call('one', needs=['two']), Call('two')]
    with pytest.raises(InputError, match='before step "one".*no step "two"'):
        Store(tmp_path, steps, Setting(work_dir=tmp_path))


def test_only_the_end_of_a_long_log_is_shown(tmp_path, monkeypatch):
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'count.py').write_text(
        'import sys\nfor i in range(101): print(i)\nsys.exit(3)'
    )
    monkeypatch.setattr(commands, 'home', lambda: tmp_path)
    with pytest.raises(InputError, match='status 3') as e:
        commands.launch(['python', 'tools/count.py'], tmp_path)
    assert '  | 100' in str(e.value)
    assert '  | 80' not in str(e.value)


def test_an_interrupt_of_a_tool_interrupts_the_run(tmp_path, monkeypatch):
    (tmp_path / 'tools').mkdir()
    (tmp_path / 'tools' / 'stop.py').write_text('import sys; sys.exit(130)')
    monkeypatch.setattr(commands, 'home', lambda: tmp_path)
    with pytest.raises(KeyboardInterrupt):
        commands.launch(['python', 'tools/stop.py'], tmp_path)
