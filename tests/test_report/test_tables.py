"""A table says the same in the terminal, in Markdown, CSV and JSON."""

import csv
import io
import json

import numpy as np
import pytest
from rich.console import Console

from mmchanpos.errors import InputError
from mmchanpos.report import Number, Table


@pytest.fixture
def table():
    table = Table('Location | top-1', ['net', '3x3', 'n'], note='Two seeds.')
    table.add('GAPNet', Number.over([99.9, 100.0], paper=100, chance=11.1), 2)
    table.add('a|b', Number(float('nan'), paper='n/a'), np.int64(3))
    return table


def test_terminal_and_markdown_show_the_same_texts(table):
    console = Console(file=io.StringIO(), width=200)
    console.print(table.rich())
    shown = console.file.getvalue()
    for text in table.texts()[0] + ['Two seeds.', 'Location | top-1']:
        assert text in shown
    markdown = table.markdown()
    assert '| GAPNet | 100.0 ±0.1 (paper 100.0, chance 11.1) | 2 |' in markdown
    assert '| a\\|b | - (paper n/a) | 3 |' in markdown


def test_csv_has_a_column_for_every_part(table):
    rows = list(csv.DictReader(io.StringIO(table.csv())))
    assert float(rows[0]['3x3']) == pytest.approx(99.95)
    assert float(rows[0]['3x3 spread']) == pytest.approx(
        np.std([0, 0.1]) * 2**0.5
    )
    assert rows[0]['3x3 paper'] == '100'
    assert rows[0]['3x3 chance'] == '11.1'
    assert rows[1]['3x3'] == ''
    assert rows[1]['3x3 paper'] == 'n/a'
    assert 'n paper' not in rows[0]


def test_json_keeps_full_precision_and_has_no_nan(table):
    content = json.loads(json.dumps(table.json(), allow_nan=False))
    assert content['rows'][0][1]['ours'] == pytest.approx(99.95, abs=1e-12)
    assert content['rows'][1][1] == {'ours': None, 'paper': 'n/a'}
    assert content['rows'][1][2] == 3


def test_save_writes_all_three(table, tmp_path):
    table.save(tmp_path / 'deep' / 'table')
    assert sorted(p.name for p in (tmp_path / 'deep').iterdir()) == [
        'table.csv',
        'table.json',
        'table.md',
    ]


def test_one_repetition_has_no_spread():
    assert Number.over([3.0]).spread is None


def test_wrong_input_is_told(table):
    with pytest.raises(InputError, match='3 columns.*2 cells'):
        table.add('GAPNet', 1)
    with pytest.raises(InputError, match='no values'):
        Number.over([])
