import json

import pytest

from tests.conftest import ROOT, run, tool
from tests.grid_configs import tiny_grid
from tests.test_tools.test_dist import free_port


@pytest.mark.parametrize('net', ['gapnet', 'permutenet'])
def test_two_processes_train_and_test_it(net, tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work', net).dump(path)
    script = ROOT / 'tools/dist_train.sh'
    # In its second of three steps DDP ends with an error if the first left
    # a parameter without a gradient.
    trained = run('bash', script, path, 2, PORT=free_port())
    assert trained.returncode == 0, trained.stderr[-3000:]
    checkpoint = tmp_path / 'work' / 'epoch_1.pth'
    one = tool('test.py', path, checkpoint, '--work-dir', tmp_path / 'one')
    assert one.returncode == 0, one.stderr[-3000:]
    (file,) = (tmp_path / 'one').glob('*/*.json')
    assert 0 <= json.loads(file.read_text())['accuracy/top1'] <= 100


def test_a_wrong_grid_ends_with_one_message(tmp_path):
    path = tmp_path / 'tiny.py'
    options = dict(train_dataloader__dataset__pipeline__1__grid=0)
    tiny_grid(tmp_path / 'work', **options).dump(path)
    done = tool('train.py', path)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].startswith('error: grid=0')
