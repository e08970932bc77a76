"""No process that loads data stays behind when a run is over."""

from multiprocessing import active_children

import pytest

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.launch import train
from mmchanpos.engine.workers import workers_end

EPOCHS = {'train_cfg.max_epochs': 1}
STEPS = {
    'train_cfg': dict(
        type='IterBasedTrainLoop', max_iters=2, val_interval=1, _delete_=True
    ),
    'default_hooks.checkpoint.by_epoch': False,
}


@pytest.mark.parametrize('length', [EPOCHS, STEPS], ids=['epochs', 'steps'])
def test_workers_of_a_training_end_with_it(tiny_config, length):
    workers = {
        f'{split}_dataloader.{key}': value
        for split in ('train', 'val')
        for key, value in (('num_workers', 1), ('persistent_workers', True))
    }
    cfg = load_config(str(tiny_config), {**workers, **length})
    before = set(active_children())
    runner = train(cfg)
    assert set(active_children()) <= before
    # Others start if more is asked of the runner.
    with workers_end(runner):
        assert runner.val()['accuracy/top1'] >= 0


def test_workers_of_a_test_end_with_it(tiny_run, tmp_path):
    config, checkpoint = tiny_run
    options = {
        'test_dataloader.num_workers': 1,
        'test_dataloader.persistent_workers': True,
    }
    before = set(active_children())
    run_test(load_config(str(config), options, str(tmp_path)), str(checkpoint))
    assert set(active_children()) <= before
