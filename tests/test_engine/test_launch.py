import time

import pytest
from mmengine.runner import runner

from mmchanpos.engine.launch import build_runner
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
