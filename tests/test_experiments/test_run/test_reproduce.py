"""Steps run once, in order, and are remembered while they mean the same."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.experiments import (
    Call,
    Experiment,
    Setting,
    dry_run,
    load,
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
        yield Call(
            'one', function=write, arguments=dict(text=first), seconds=10
        )
        # A path of its own is no reason to wait for the first.
        needs = ['one'] if '{' in second else []
        yield Call(
            'two',
            function=length,
            arguments=dict(path=second),
            needs=needs,
            seconds=20,
        )

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


@pytest.mark.parametrize('name', ['result.json', 'step.json'])
def test_a_result_that_was_cut_off_is_made_again(setting, name):
    run(experiment(), setting)
    file = setting.work_dir / 'lengths-quick' / 'one' / name
    file.write_bytes(file.read_bytes()[:-4])
    run(experiment(), setting)
    assert RUNS == ['abc', 'length', 'abc']


def test_quick_and_full_do_not_mix(setting):
    run(experiment(), setting)
    run(experiment(), replace(setting, quick=False))
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
    ('declared', 'message'), [(experiment(first='object'), 'JSON cannot')]
)
def test_a_wrong_declaration_is_told(declared, message, setting):
    with pytest.raises(InputError, match=message):
        run(declared, setting)


def test_two_steps_of_one_name_are_refused(setting):
    twice = [Call('one', function=write, arguments=dict(text='a'))] * 2
    declared = Experiment('x', 'X', lambda _: twice, lambda _: None)
    with pytest.raises(InputError, match='two steps are called "one"'):
        run(declared, setting)


@pytest.mark.parametrize(
    ('wrong', 'message'),
    [
        (dict(seeds=(1, 1)), 'each of them once'),
        (dict(seeds=(-1,)), 'from 0 on'),
        (dict(data_root='does/not/exist'), 'does not exist'),
    ],
)
def test_a_wrong_setting_is_told(wrong, message):
    with pytest.raises(InputError, match=message):
        Setting(**wrong)


def test_a_page_of_several_grows_and_an_interrupted_one_goes_on(setting):
    def late(text):
        steps = [
            Call('l', function=write, arguments={'text': text}, seconds=1)
        ]
        return Experiment(
            'late', 'Late', lambda _: steps, lambda _: Section('L')
        )

    told = []
    console = Console(file=io.StringIO())
    words = setting, console
    with pytest.raises(KeyboardInterrupt):
        reproduce(
            [experiment(), late('interrupt')], *words, finished=told.append
        )
    assert [len(sections) for sections in told] == [1]
    reproduce([experiment(), late('x')], *words, finished=told.append)
    assert [len(sections) for sections in told[1:]] == [1, 2]
    assert RUNS == ['abc', 'length', 'interrupt', 'x']


def with_net(setting):
    for role in ('one', 'two'):
        for seed in setting.trainings(role):
            yield Call(f'{role}-{seed}', role=role, seed=seed)


def test_weights_are_asked_for_by_role_before_anything_runs(setting):
    declared = Experiment('nets', 'Nets', with_net, lambda _: Section('Nets'))
    assert declared.roles(setting) == ['one', 'two']
    for given, message in (
        ({'one': ['a']}, 'add --checkpoint two=FILE'),
        ({'one': ['a'], 'tow': ['b']}, 'no net of role "tow".*"two"'),
    ):
        with pytest.raises(InputError, match=message):
            declared.store(replace(setting, checkpoints=given))
    partial = replace(declared, partial=True)
    files = [str(setting.work_dir / name) for name in 'ab']
    for file in files:
        open(file, 'w').close()
    store = partial.store(replace(setting, checkpoints={'two': files}))
    assert [step.name for step in store.steps] == ['two-0', 'two-1']
    with pytest.raises(InputError, match='takes no --checkpoint'):
        experiment().store(replace(setting, checkpoints={'one': ['a']}))


def test_what_a_call_or_a_list_in_the_data_reads_is_made_use_of(tmp_path):
    def listed(setting):
        names = tmp_path / 'names.txt'
        if setting.data_root:
            names = Path(setting.data_root) / 'names.txt'
        for name in names.read_text().split():
            yield Call(name, function=length, arguments=dict(path=str(names)))

    def steps(setting):
        yield Call('own', function=lambda context: context.setting.data_root)

    (tmp_path / 'names.txt').write_text('mine')
    (tmp_path / 'data').mkdir()
    (tmp_path / 'data/names.txt').write_text('yours')
    setting = Setting(work_dir=tmp_path / 'work')
    for declared in (listed, steps):
        mine = Experiment('mine', 'Mine', declared, lambda _: Section('Mine'))
        assert mine.store(setting)
        assert mine.store(replace(setting, data_root=str(tmp_path / 'data')))


MINE = """
'''My own table.'''
from mmchanpos.experiments import Call
from mmchanpos.report import Section

def double(context, number):
    return 2 * number

def steps(setting):
    yield Call('double', function=double, arguments=dict(number=21))

def read(context):
    return Section(f"It is {context.results['double']}.")
"""


@pytest.mark.parametrize('jobs', [1, 2])
def test_anybodys_file_declares_an_experiment(tmp_path, jobs):
    file = tmp_path / f'mine_for_{jobs}.py'
    file.write_text(MINE)
    declared = load(str(file))
    assert (declared.name, declared.title) == (file.stem, 'My own table')
    setting = Setting(jobs=jobs, work_dir=tmp_path / 'work')
    ((section,),) = reproduce([declared], setting, Console(file=io.StringIO()))
    assert section.title == 'It is 42.'


def test_a_file_that_declares_nothing_is_told(tmp_path):
    file = tmp_path / 'declares_nothing.py'
    with pytest.raises(InputError, match='does not exist'):
        load(str(file))
    file.write_text('steps = None')
    with pytest.raises(InputError, match='no function "read"'):
        load(str(file))
    other = tmp_path / 'json.py'
    other.write_text(MINE)
    with pytest.raises(InputError, match='called like another module'):
        load(str(other))
    dots = tmp_path / 'my.table.py'
    dots.write_text(MINE)
    with pytest.raises(InputError, match='imports nothing .* my.table.py'):
        load(str(dots))


def test_a_title_may_begin_on_the_second_line(tmp_path):
    file = tmp_path / 'with_a_late_title.py'
    file.write_text(MINE.replace("'''My own table.", "'''\n    My own table."))
    assert load(str(file)).title == 'My own table'
