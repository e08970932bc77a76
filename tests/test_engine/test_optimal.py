"""Constants that hurt least hang on images, not on how they are batched."""

import numpy as np

from mmchanpos.engine.hosts import tap_of
from mmchanpos.engine.launch import build_runner
from mmchanpos.engine.optimal import constants_of
from mmchanpos.testing.toys import TOYS, toy_config


def runner_of(folder, batch):
    cfg = toy_config(TOYS[0], work_dir=folder)
    cfg.test_dataloader.batch_size = batch
    return build_runner(cfg)


def constants(runner, images):
    tap = tap_of('backbone', runner.model)
    return constants_of(runner.model, tap, runner.test_dataloader, images, 5)


def test_batches_do_not_matter(tmp_path):
    runners = [runner_of(tmp_path / str(n), n) for n in (1, 3)]
    weights = runners[0].model.state_dict()
    runners[1].model.load_state_dict(weights)
    one, other = (constants(runner, 2) for runner in runners)
    np.testing.assert_array_equal(one, other)
