"""Steps run once, in order, and are remembered while they mean the same."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.experiments import (
    Call,
    Experiment,
    Setting,
    dry_run,
    reproduce,
)
from mmchanpos.report import Number, Section, Table

RUNS = []


def write(context, text):
    RUNS.append(text)
    if text == 'interrupt':
        raise KeyboardInterrupt
    if text == 'object':
        return {1, 2}
    (context.folder / 'text.txt').write_text(text)
    return {'length': len(text)}


def length(context, path):
    RUNS.append('length')
    return len(open(path).read()) + len(context.results)


def experiment(first='abc', second='{one}/text.txt'):
    def steps(setting):
        yield Call('one', write, dict(text=first), seconds=10)
        yield Call('two', length, dict(path=second), seconds=20)

    def read(context):
        table = Table('Lengths', ['step', 'length'])
        table.add('one', context.results['one']['length'])
        table.add('two', Number(context.results['two'], paper=4, digits=0))
        return Section('How long?', ['So long.'], tables=[table])

    return Experiment('lengths', 'Table 0: lengths', steps, read)


@pytest.fixture
def setting(tmp_path):
    RUNS.clear()
    return Setting(quick=True, jobs=1, work_dir=tmp_path)


def run(declared, setting, **others):
    console = Console(file=io.StringIO())
    ((section,),) = reproduce([declared], setting, console, **others)
    return section


def test_a_second_run_does_nothing_and_says_the_same(setting):
    first = run(experiment(), setting)
    again = run(experiment(), setting)
    assert RUNS == ['abc', 'length']
    assert first.tables[0].json() == again.tables[0].json()
    assert first.tables[0].rows[1][1].value == 4


def test_a_changed_step_is_done_again_with_what_uses_it(setting):
    run(experiment(), setting)
    section = run(experiment('abcdef'), setting)
    assert RUNS == ['abc', 'length', 'abcdef', 'length']
    assert section.tables[0].rows[1][1].value == 7


def test_what_does_not_use_the_changed_step_is_kept(setting, tmp_path):
    file = tmp_path / 'other.txt'
    file.write_text('12345')
    run(experiment(second=str(file)), setting)
    run(experiment('abcdef', second=str(file)), setting)
    assert sorted(RUNS) == ['abc', 'abcdef', 'length']


def test_fresh_forgets(setting):
    run(experiment(), setting)
    run(experiment(), setting, fresh=True)
    assert len(RUNS) == 4


def test_quick_and_full_do_not_mix(setting):
    run(experiment(), setting)
    run(experiment(), replace(setting, quick=False, seeds=(0, 1, 2)))
    assert len(RUNS) == 4


def test_an_interrupted_step_starts_clean(setting):
    with pytest.raises(KeyboardInterrupt):
        run(experiment('interrupt'), setting)
    folder = setting.work_dir / 'lengths-quick' / 'one'
    (folder / 'half.txt').write_text('half a result')
    run(experiment(), setting)
    assert not (folder / 'half.txt').exists()


def test_a_folder_of_somebody_else_is_left_alone(setting):
    folder = setting.work_dir / 'lengths-quick' / 'one'
    folder.mkdir(parents=True)
    (folder / 'thesis.tex').write_text('years of work')
    with pytest.raises(InputError, match='was not made by this experiment'):
        run(experiment(), setting)
    assert (folder / 'thesis.tex').exists()


def test_results_are_saved_in_every_form(setting):
    run(experiment(), setting)
    folder = setting.work_dir / 'lengths-quick' / 'report'
    results = json.loads((folder / 'results.json').read_text())
    assert results['command'] == 'python tools/reproduce.py lengths --quick'
    assert results['tables'][0]['rows'][1][1] == {'ours': 4, 'paper': 4}
    assert '| two | 4 (paper 4) |' in (folder / 'results.md').read_text()
    assert 'two,4,4' in (folder / 'table-1.csv').read_text()
    assert 'So long.' in (folder / 'report.html').read_text()


def test_several_sections_share_a_page(setting):
    def read(context):
        return [Section('How long?', ['So.']), Section('Why?', ['Because.'])]

    declared = replace(experiment(), read=read)
    console = Console(file=io.StringIO())
    (sections,) = reproduce([declared], setting, console)
    folder = setting.work_dir / 'lengths-quick' / 'report'
    assert len(sections) == 2
    assert (folder / '2' / 'results.md').is_file()
    page = (folder / 'report.html').read_text()
    assert 'So.' in page
    assert 'Because.' in page
    assert 'Because.' in console.file.getvalue()


def test_dry_run_names_commands_and_time_and_runs_nothing(setting):
    lines = dry_run(experiment(), setting)
    assert RUNS == []
    assert not list(setting.work_dir.iterdir())
    text = '\n'.join(lines)
    assert 'lengths-quick/one/text.txt' in text
    assert 'about 30 s in all' in text
    run(experiment(), setting)
    assert 'about 0 s in all' in '\n'.join(dry_run(experiment(), setting))


@pytest.mark.parametrize(
    ('declared', 'message'),
    [
        (experiment(second='{ones}/text.txt'), 'uses "ones".*"one"'),
        (experiment(first='object'), 'JSON cannot'),
    ],
)
def test_a_wrong_declaration_is_told(declared, message, setting):
    with pytest.raises(InputError, match=message):
        run(declared, setting)


def test_two_steps_of_one_name_are_refused(setting):
    twice = [Call('one', write, dict(text='a'))] * 2
    declared = Experiment('x', 'X', lambda _: twice, lambda _: None)
    with pytest.raises(InputError, match='two steps are called "one"'):
        run(declared, setting)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(gpus=0), '--gpus 0'),
        (dict(seeds=(1, 1)), 'one seed twice'),
        (dict(data_root='does/not/exist'), 'does not exist'),
    ],
)
def test_a_wrong_setting_is_told(wrong, message):
    with pytest.raises(InputError, match=message):
        Setting(**wrong)
