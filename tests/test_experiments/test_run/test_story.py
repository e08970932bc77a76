"""Several experiments on one page, also when the last one is interrupted."""

import io

import pytest
from rich.console import Console

from mmchanpos.experiments import Call, Experiment, Setting, tell
from mmchanpos.experiments.run import story
from mmchanpos.report import Section, Table

RUNS = []


def work(context, name, fails):
    RUNS.append(name)
    if fails and len(RUNS) < 3:
        raise KeyboardInterrupt
    return name


def declared(name):
    arguments = {'name': name, 'fails': name == 'second'}

    def steps(setting):
        yield Call('only', work, arguments)

    def read(context):
        tables = [Table(f'{name} {i}', ['x']) for i in range(3)]
        return Section(f'The {name} part', ['Well.'] * 4, tables=tables)

    return Experiment(name, f'Title of {name}', steps, read)


def test_the_page_grows_and_an_interrupted_story_goes_on(
    tmp_path, monkeypatch
):
    RUNS.clear()
    monkeypatch.setattr(story, 'load', declared)
    page = tmp_path / 'report.html'
    words = (
        ['first', 'second'],
        Setting(quick=True, jobs=1, work_dir=tmp_path),
        page,
    )
    console = Console(file=io.StringIO())
    with pytest.raises(KeyboardInterrupt):
        tell(*words, console)
    assert 'The first part' in page.read_text()
    assert 'The second part' not in page.read_text()

    sections = tell(*words, console)
    assert all(len(s.sentences) == 2 for s in sections)
    assert all(len(s.tables) == 1 for s in sections)
    assert all('2' in s.details[1].title for s in sections)
    assert [s.title for s in sections] == ['The first part', 'The second part']
    assert page.read_text().index('first part') < page.read_text().index(
        'second part'
    )
    assert RUNS == ['first', 'second', 'second']
    assert '2 of 2' in console.file.getvalue()
