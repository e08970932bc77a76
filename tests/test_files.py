import json
import subprocess
import sys
from zipfile import ZipFile

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.files import (
    atomic_path,
    clean,
    read_json,
    read_npz,
    write_json,
    write_npz,
    write_text,
)
from tests.conftest import ROOT


def write_half(path):
    with atomic_path(path) as tmp:
        tmp.write_text('half')
        raise OSError('full')


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / 'result.json'
    write_json(path, {'miou': 1})
    with pytest.raises(ValueError, match='NaN|JSON compliant'):
        write_json(path, {'miou': float('nan')})
    with pytest.raises(OSError, match='full'):
        write_half(path)
    assert read_json(path) == {'miou': 1}
    assert [p.name for p in tmp_path.iterdir()] == ['result.json']


def test_written_files_are_readable_by_others(tmp_path):
    path = tmp_path / 'deep' / 'a.txt'
    write_text(path, 'ä')
    plain = tmp_path / 'plain.txt'
    plain.write_text('')
    assert path.stat().st_mode == plain.stat().st_mode
    assert path.read_text(encoding='utf8') == 'ä'


def test_npz_keeps_arrays_and_refuses_pickles(tmp_path):
    path = tmp_path / 'a.npz'
    write_npz(path, x=np.eye(3), name=np.array('tap'))
    back = read_npz(path)
    assert (back['x'] == np.eye(3)).all()
    assert str(back['name']) == 'tap'
    np.savez(path, x=np.array([object()], dtype=object))
    with pytest.raises(InputError, match='not a readable'):
        read_npz(path)


def test_npz_compresses_counts_and_leaves_values(tmp_path):
    path = tmp_path / 'a'
    write_npz(path, areas=np.zeros((9, 99), int), maps=np.zeros((9, 99)))
    with ZipFile(path) as file:
        sizes = {i.filename: i.compress_size for i in file.infolist()}
    assert sizes['areas.npy'] < 500 < 9 * 99 * 8 <= sizes['maps.npy']
    assert read_npz(path)['areas'].shape == (9, 99)


@pytest.mark.parametrize('cut', [0, 10, -10])
def test_a_truncated_npz_is_named(tmp_path, cut):
    path = tmp_path / 'a.npz'
    write_npz(path, x=np.arange(1000))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match='a.npz.*make it again'):
        read_npz(path)


def test_a_damaged_npz_is_named(tmp_path):
    path = tmp_path / 'a.npz'
    write_npz(path, x=np.random.default_rng(0).random(1000))
    content = bytearray(path.read_bytes())
    content[100:140] = bytes(40)
    path.write_bytes(content)
    with pytest.raises(InputError, match='a.npz.*make it again'):
        read_npz(path)


def test_a_missing_or_broken_json_is_named(tmp_path):
    write_json(tmp_path / 'ranking.json', [1])
    with pytest.raises(InputError, match='Did you mean "ranking.json"'):
        read_json(tmp_path / 'rankin.json')
    with pytest.raises(InputError, match='nor does its folder'):
        read_json(tmp_path / 'no' / 'ranking.json')
    with pytest.raises(InputError, match='is a folder'):
        read_json(tmp_path)
    (tmp_path / 'ranking.json').write_text(json.dumps([1, 2])[:-2])
    with pytest.raises(InputError, match='not valid JSON'):
        read_json(tmp_path / 'ranking.json')


def test_clean_turns_anything_into_json():
    value = {1: torch.tensor([1.0, float('inf')]), 'b': (np.float32(2), None)}
    assert clean(value) == {'1': [1.0, None], 'b': [2.0, None]}


def test_what_a_killed_process_was_writing_is_swept_by_the_next(tmp_path):
    code = (
        'import os, sys\n'
        'from mmchanpos.files import atomic_path\n'
        'with atomic_path(sys.argv[1]) as tmp:\n'
        '    tmp.write_text("half")\n'
        '    os.kill(os.getpid(), 9)'
    )
    path = tmp_path / ('a' * 200 + '.json')
    subprocess.run([sys.executable, '-c', code, path], cwd=ROOT, check=False)
    (left,) = tmp_path.iterdir()
    mine = tmp_path / '.hidden-by-the-user.json'
    mine.write_text('')
    with atomic_path(path) as tmp:
        tmp.write_text('whole')
        # Another that is writing is left alone.
        with atomic_path(tmp_path / 'b.json') as other:
            assert other.exists()
    assert not left.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [path.name, mine.name, 'b.json']
    )
