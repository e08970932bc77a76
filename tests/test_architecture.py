"""The rooms of the package, and which way the arrows between them run."""

import ast

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / 'mmchanpos'
#: Room, and the rooms it may import from.
ARROWS = {
    'latent': set(),
    'shift': set(),
    'datasets': {'latent', 'shift'},
    'models': {'latent', 'shift', 'datasets'},
    'evaluation': {'latent', 'shift'},
    'engine': {'latent', 'shift', 'evaluation', 'models', 'datasets'},
    'report': {'latent', 'shift'},
}
#: The toy kit builds from all of these, and papers' tables are made of them.
ARROWS['testing'] = set(ARROWS)
ARROWS['experiments'] = set(ARROWS)
OPENMMLAB = {'mmengine', 'mmcv', 'mmseg', 'mmdet', 'mmpretrain'}
#: What hosts and their data sets look like: engine/hosts knows.
PARTS = ('decode_head', 'rpn_head', 'roi_head', 'bbox_head', 'leftImg8bit')
FILES = sorted(PACKAGE.rglob('*.py'))
LONGEST = 350


def imported(path):
    """Full names of all that a file imports."""
    place = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = place[: len(place) - node.level + 1] if node.level else ()
            base = '.'.join((*up, *filter(None, [node.module])))
            yield base
            yield from (f'{base}.{alias.name}' for alias in node.names)


def room_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ''


@pytest.mark.parametrize('room', sorted(ARROWS))
def test_a_room_imports_only_from_the_rooms_below(room):
    others = set(ARROWS) - {room}
    wrong = {
        f'{path.relative_to(ROOT)} imports {name}'
        for path in FILES
        if room_of(path) == room
        for name in imported(path)
        if name.startswith('mmchanpos.')
        and name.split('.')[1] in others - ARROWS[room]
    }
    assert not wrong


def test_tools_stand_on_the_package_and_nothing_stands_on_them():
    above = {'tools', 'tests'}
    wrong = {
        f'{path.relative_to(ROOT)} imports {name}'
        for path in [*FILES, *(ROOT / 'tools').rglob('*.py')]
        for name in imported(path)
        if name.split('.')[0] in above
    }
    assert not wrong


@pytest.mark.parametrize('room', ['latent', 'shift'])
def test_the_ground_floor_is_pure_torch(room):
    wrong = {
        f'{path.relative_to(ROOT)} imports {name}'
        for path in FILES
        if room_of(path) == room
        for name in imported(path)
        if name.split('.')[0] in OPENMMLAB
    }
    assert not wrong


@pytest.mark.parametrize('room', ['latent', 'shift'])
def test_the_ground_floor_knows_no_part_of_a_host(room):
    named = {
        f'{path.relative_to(ROOT)} names {part}'
        for path in FILES
        if room_of(path) == room
        for part in PARTS
        if part in path.read_text()
    }
    assert not named


def test_files_hold_one_idea_and_public_names_say_theirs():
    long = [p for p in FILES if p.read_text().count('\n') > LONGEST]
    assert not long
    silent = [
        f'{path.relative_to(ROOT)}:{node.name}'
        for path in FILES
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.ClassDef, ast.FunctionDef))
        and not node.name.startswith('_')
        and not ast.get_docstring(node)
    ]
    assert not silent
