import json

import pytest

from mmchanpos.errors import InputError
from mmchanpos.testing.toys import tiny_grid
from tests.conftest import tool_in_two


@pytest.mark.parametrize('net', ['gapnet', 'permutenet'])
def test_two_processes_train_and_test_it(net, call_tool, tmp_path):
    path = tmp_path / 'tiny.py'
    tiny_grid(tmp_path / 'work', net).dump(path)
    # In its second of three steps DDP ends with an error if the first left
    # a parameter without a gradient.
    trained = tool_in_two('train.py', path)
    assert trained.returncode == 0, trained.stderr[-3000:]
    checkpoint = tmp_path / 'work' / 'epoch_1.pth'
    call_tool('test.py', path, checkpoint, '--work-dir', tmp_path / 'one')
    (file,) = (tmp_path / 'one').glob('*/*.json')
    assert 0 <= json.loads(file.read_text())['accuracy/top1'] <= 100


def test_a_wrong_grid_is_told(call_tool, tmp_path):
    path = tmp_path / 'tiny.py'
    options = dict(train_dataloader__dataset__pipeline__1__grid=0)
    tiny_grid(tmp_path / 'work', **options).dump(path)
    with pytest.raises(InputError, match='^grid=0'):
        call_tool('train.py', path)
