"""Types in docstrings are written as in annotations: ``Sequence[str]``."""

import re

from tests.conftest import ROOT

#: ``sequence of str``, ``dict or None``, as the type of an argument or result.
WORDS = re.compile(
    r'^ +(?:\*{0,2}\w+ \((?=[^)]*\b(?:of|or)\b)[^)]*\)'
    r'|(?:\w+ of|\w+ or) \w[\w, ]*): ',
    re.M,
)


def test_types_are_written_as_in_annotations():
    found = [
        f'{path.name}: {match[0].strip()}'
        for path in sorted((ROOT / 'mmchanpos').rglob('*.py'))
        for match in WORDS.finditer(path.read_text())
    ]
    assert not found


def test_the_other_dialect_is_seen():
    for line in ('x (list of int): Y', 'x (str or dict): Y', 'list of T: Y'):
        assert WORDS.match(f'    {line}')
    for line in ('x (Sequence[int]): Y', 'x (str | dict): Y', 'list[T]: Y'):
        assert not WORDS.match(f'    {line}')
