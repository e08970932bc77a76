import json
from typing import Literal, Optional

import msgspec
import pytest

from mmchanpos.errors import InputError
from mmchanpos.files import clean, read_json, write_json
from mmchanpos.formats import as_typed, read_typed


class Row(msgspec.Struct):
    top: int
    scores: dict[str, Optional[float]]
    note: str = 'none'


class Whole(msgspec.Struct):
    rows: list[Row]
    format: Literal[1] = 1


def test_a_file_comes_back_as_the_shape_with_defaults_for_what_it_lacks(
    tmp_path,
):
    rows = [dict(top=3, scores={'overall': float('nan'), 'left': 1})]
    write_json(tmp_path / 'a.json', clean(dict(rows=rows, newer='field')))
    whole = read_typed(tmp_path / 'a.json', Whole)
    assert whole.rows[0].scores == {'overall': None, 'left': 1.0}
    assert whole.rows[0].note == 'none'
    assert as_typed(dict(rows=rows[:0]), Whole, 'it') == Whole([])
    with pytest.raises(InputError, match='it does not fit: object was wanted'):
        as_typed('{"rows": []}', Whole, 'it')


@pytest.mark.parametrize(
    ('content', 'said'),
    [
        ([], 'object was wanted, array was found'),
        ({}, 'missing required field rows'),
        (dict(rows=[dict(top=2.5, scores={})]), r'rows\[0\].top: int was'),
        (dict(rows=[dict(top=True, scores={})]), r'top: int was wanted, bool'),
        (dict(rows=[dict(top=1, scores=dict(a='x'))]), r'rows\[0\].scores'),
        (dict(rows=[dict(top=10**5000, scores={})]), r'rows\[0\].top'),
        (dict(rows=[], format='1'), 'format: int was wanted, str was found'),
        (dict(rows=[], format=2), 'format: Invalid.*2; a newer mmchanpos'),
    ],
)
def test_what_does_not_fit_is_named_file_and_field(tmp_path, content, said):
    import sys

    file = tmp_path / 'a.json'
    limit = getattr(sys, 'set_int_max_str_digits', lambda digits: None)
    limit(0)
    file.write_text(json.dumps(content))
    limit(4300)
    with pytest.raises(InputError, match=f'a.json does not fit: .*{said}'):
        read_typed(file, Whole)


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'{"rows": [',
        b'{"rows": [{"note": "\xff"}]}',
        b'{"a":' * 99999,
        b'{"rows": NaN}',
    ],
    ids=['empty', 'cut off', 'latin-1', 'deep', 'NaN'],
)
def test_what_is_no_json_is_named(tmp_path, content):
    (tmp_path / 'a.json').write_bytes(content)
    with pytest.raises(InputError, match='a.json is not valid JSON'):
        read_typed(tmp_path / 'a.json', Whole)
    with pytest.raises(InputError, match='a.jso does not exist. Did you'):
        read_typed(tmp_path / 'a.jso', Whole)


@pytest.mark.parametrize(
    'content', [b'[' * 99999, b'1' * 5000], ids=['deep', 'long']
)
def test_nor_do_depth_and_length_harm_plain_json(tmp_path, content):
    (tmp_path / 'a.json').write_bytes(content)
    with pytest.raises(InputError, match='a.json is not valid JSON'):
        read_json(tmp_path / 'a.json')
