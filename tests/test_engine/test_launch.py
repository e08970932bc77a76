import time

import pytest
import torch
from mmengine.runner import runner

from mmchanpos.engine.launch import build_runner, train
from mmchanpos.errors import InputError
from mmchanpos.testing.toys import TOYS, toy_config


@pytest.fixture
def one_second(monkeypatch):
    """Every runner is built in the same second."""
    frozen = type('Frozen', (), dict(vars(time), time=lambda: 1.7e9))
    monkeypatch.setattr(runner, 'time', frozen)


def test_runners_built_in_one_second_share_nothing(one_second, tmp_path):
    built = []
    for name in TOYS:
        cfg = toy_config(name, work_dir=tmp_path / name)
        cfg.experiment_name = 'same'
        built.append(build_runner(cfg))
    scopes = [run.default_scope.scope_name for run in built]
    assert scopes == ['mmpretrain', 'mmseg', 'mmdet']
    for kept in ('default_scope', 'logger', 'message_hub', 'visualizer'):
        assert len({id(getattr(run, kept)) for run in built}) == 3


def test_a_users_experiment_name_is_kept(tmp_path):
    cfg = toy_config(TOYS[0], work_dir=tmp_path)
    cfg.experiment_name = 'mine'
    assert build_runner(cfg).experiment_name.startswith('mine')


def test_loaders_have_the_defaults_of_mmpretrains_own_tools(tmp_path):
    cfg = toy_config(TOYS[0], work_dir=tmp_path)
    cfg.train_dataloader.num_workers = 2
    cfg.val_dataloader.update(num_workers=0, pin_memory=True)
    for name in ('train_dataloader', 'val_dataloader'):
        cfg[name].pop('persistent_workers', None)
    build_runner(cfg)
    assert cfg.train_dataloader.persistent_workers
    assert not cfg.val_dataloader.persistent_workers
    # Memory is pinned for a GPU, or where the config says so.
    assert cfg.train_dataloader.pin_memory == torch.cuda.is_available()
    assert cfg.val_dataloader.pin_memory


def test_with_nothing_to_go_on_from_the_first_weights_count(tmp_path):
    cfg = toy_config(TOYS[0], work_dir=tmp_path / 'run')
    weights = tmp_path / 'pretrained.pth'
    cfg.load_from = str(weights)
    with pytest.raises(InputError, match='pretrained.pth does not exist'):
        train(cfg, resume='auto')
    torch.save(build_runner(cfg).model.state_dict(), weights)
    train(cfg, resume='auto', dry_run=True)
    assert (cfg.load_from, cfg.resume) == (str(weights), False)
