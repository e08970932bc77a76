import subprocess
import sys
import time

import pytest

from mmchanpos.engine.result_folder import claim, clear, owner_of, release
from mmchanpos.errors import InputError
from tests.conftest import environment

ABOUT = dict(config='a.py', dataset='x', checkpoint='a.pth')
HOLD = """
import sys, time
from mmchanpos.engine.result_folder import claim
claim(sys.argv[1], dict(config=sys.argv[2], dataset='x', checkpoint='a.pth'))
print('mine', flush=True)
time.sleep(float(sys.argv[3]))
"""


def test_the_same_run_comes_again_and_another_is_told(tmp_path):
    for _ in range(2):
        claim(tmp_path, {**ABOUT, 'checkpoint_sha256': '1'})
        release(tmp_path)
    assert owner_of(tmp_path).config == 'a.py'
    for other in (
        {**ABOUT, 'config': 'b.py', 'checkpoint_sha256': '1'},
        {**ABOUT, 'dataset': 'y', 'checkpoint_sha256': '1'},
        {**ABOUT, 'checkpoint_sha256': '2'},
    ):
        with pytest.raises(InputError, match=r'config a.py, data x'):
            claim(tmp_path, other)
        release(tmp_path)


def test_weights_behind_addresses_are_told_apart(tmp_path):
    claim(tmp_path, {**ABOUT, 'checkpoint': 'https://x/a.pth'})
    release(tmp_path)
    with pytest.raises(InputError, match='checkpoint https://x/a.pth'):
        claim(tmp_path, {**ABOUT, 'checkpoint': 'https://x/b.pth'})
    release(tmp_path)


def test_a_damaged_owner_is_nobody(tmp_path):
    (tmp_path / 'owner.json').write_text('{"config": 3')
    claim(tmp_path, ABOUT)
    release(tmp_path)
    assert owner_of(tmp_path).config == 'a.py'


def test_what_is_taken_over_is_ours_alone(tmp_path):
    for name in ('ranking.json', 'rank/deltas.npz', '1/results.md', 'my.txt'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('')
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other/owner.json').write_text('{}')
    (tmp_path / 'other/sweep.json').write_text('')
    claim(tmp_path, ABOUT)
    claim(tmp_path, {**ABOUT, 'config': 'b.py'}, overwrite=True)
    release(tmp_path)
    left = {p.name for p in tmp_path.rglob('*') if p.is_file()}
    assert left == {'owner.json', 'my.txt', 'sweep.json'}
    clear(tmp_path, ('my.txt', 'none'))
    assert not (tmp_path / 'my.txt').exists()


def hold(folder, config, seconds):
    words = [sys.executable, '-c', HOLD, str(folder), config, str(seconds)]
    return subprocess.Popen(
        words, env=environment(), stdout=subprocess.PIPE, text=True
    )


def test_a_folder_is_locked_while_it_is_written_and_no_longer(tmp_path):
    with hold(tmp_path, 'a.py', 600) as process:
        assert process.stdout.readline() == 'mine\n'
        with pytest.raises(InputError, match='is being written by another'):
            claim(tmp_path, {**ABOUT, 'config': 'b.py'})
        # The same work waits, here until the other is killed.
        with hold(tmp_path, 'a.py', 0) as second:
            assert 'waiting for another' in second.stdout.readline()
            time.sleep(0.2)
            assert second.poll() is None
            process.kill()
            assert second.stdout.readline() == 'mine\n'
        process.stdout.close()
