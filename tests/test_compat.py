import importlib.util
import os
import pickle
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.optim import scheduler
from mmengine.runner import checkpoint

from mmchanpos import compat
from mmchanpos.compat import repair
from mmchanpos.engine.checkpoint import read_checkpoint
from mmchanpos.errors import InputError


class Malicious:
    """Touches a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize('place', ['state_dict', 'message_hub', 'meta'])
def test_a_malicious_pickle_is_refused_unexecuted(tmp_path, place):
    repair()
    trap, path = tmp_path / 'trap', tmp_path / 'evil.pth'
    content = {'state_dict': {'w': torch.ones(1)}}
    content[place] = {'x': Malicious(trap)}
    torch.save(content, path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)
    with pytest.raises(InputError, match='evil.pth holds .*mkdir.*refused'):
        read_checkpoint(path)
    assert not trap.exists()


class Door:
    """Reaches for more than a statistic through ``getattr``."""

    def __reduce__(self):
        return getattr, (HistoryBuffer.update, '__globals__')


def test_getattr_gives_statistics_and_nothing_else(tmp_path):
    repair()
    path = tmp_path / 'door.pth'
    torch.save({'state_dict': {'w': torch.ones(1)}, 'x': Door()}, path)
    with pytest.raises(InputError, match='refused'):
        read_checkpoint(path)


SCHEDULES = {
    'ConstantLR': {},
    'CosineAnnealingLR': dict(T_max=3),
    'CosineRestartLR': dict(periods=[2], restart_weights=[1], eta_min=0),
    'ExponentialLR': dict(gamma=0.9),
    'LinearLR': {},
    'MultiStepLR': dict(milestones=[1, 2]),
    'OneCycleLR': dict(eta_max=0.1, total_steps=5),
    'PolyLR': {},
    'ReduceOnPlateauLR': dict(monitor='loss'),
    'StepLR': dict(step_size=2),
}


@pytest.mark.parametrize('name', SCHEDULES)
def test_the_state_of_every_schedule_is_read_back(tmp_path, name):
    repair()
    weights = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(weights.parameters(), lr=0.1, momentum=0.9)
    schedule = getattr(scheduler, name)(optimizer, **SCHEDULES[name])
    path = tmp_path / 'schedule.pth'
    torch.save({'w': torch.ones(1), 'state': schedule.state_dict()}, path)
    assert read_checkpoint(path)['state'] == schedule.state_dict()


def test_all_that_mmengine_stores_is_read_back(tmp_path):
    repair()
    hub = MessageHub('compat-test')
    hub.update_scalar('train/loss', torch.tensor(0.5))
    hub.update_scalar('train/acc', np.float32(0.25))
    for kind in (np.float64, np.int64, np.bool_, np.uint8):
        hub.update_info(kind.__name__, kind(1))
    hub.update_info('names', np.array(['a', 'b']))
    path = tmp_path / 'ckpt.pth'
    saved = {
        'state_dict': {'w': torch.ones(2)},
        'message_hub': hub.state_dict(),
    }
    torch.save(saved, path)
    back = torch.load(path, weights_only=True)['message_hub']
    scalars = back['log_scalars']
    assert isinstance(scalars['train/loss'], HistoryBuffer)
    assert scalars['train/acc'].current() == 0.25
    assert back['runtime_info']['int64'] == 1
    assert list(back['runtime_info']['names']) == ['a', 'b']


def test_denormal_numbers_are_flushed_in_every_thread():
    repair()
    # Large enough that every thread of torch gets a part.
    assert not (torch.full((2**18,), 1e-40) * 2).any()


def test_a_base_of_a_host_is_found_without_its_metafiles(monkeypatch):
    repair()
    monkeypatch.delattr('mmengine.config.utils.load')
    name = '_base_/models/fcn_r50-d8.py'
    path, scope = Config._get_cfg_path(f'mmseg::{name}', '')
    folder = Path(importlib.util.find_spec('mmseg').origin).parent
    assert (Path(path), scope) == (folder / '.mim/configs' / name, 'mmseg')
    assert Path(path).is_file()
    assert Config._get_cfg_path('b.py', 'a/c.py') == ('a/b.py', None)


def test_the_fork_of_mmengine_reads_with_our_list(tmp_path, monkeypatch):
    class Fork:
        distribution = 'onedl-mmengine'

    monkeypatch.setitem(compat.PACKAGES, 'mmengine', Fork)
    monkeypatch.setattr(
        checkpoint, '_safe_torch_load', torch.load, raising=False
    )
    compat.load_as_allowed()
    file = tmp_path / 'w.pth'
    torch.save(dict(seen=HistoryBuffer([1.0], [1])), file)
    for _ in range(2):
        found = checkpoint._safe_torch_load(file, map_location='cpu')
        assert found['seen'].mean() == 1.0
    torch.save(dict(run=Path), file)
    with pytest.raises(UnpicklingError, match='pathlib'):
        checkpoint._safe_torch_load(file, map_location='cpu')
