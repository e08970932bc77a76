"""PosENet through the tools: one process, two processes, wrong input."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import test as run_test
from mmchanpos.engine.launch import train
from tests.conftest import ROOT, tool, tool_in_two

CONFIG = """
_base_ = '{root}/configs/_base_/default_runtime.py'
default_scope = 'mmpretrain'
model = dict(
    type='mmchanpos.PosENet',
    image_size=32,
    feature_size=10,
    norm=False,
    readouts=dict(map=['H', 'G'], stages=[1, 'all'], kernel=[1, 3]),
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone=dict(
            type='mmpretrain.ResNet', depth=18, stem_channels=4,
            base_channels=4, out_indices=(0, 1))),
    data_preprocessor=dict(
        type='mmengine.ImgDataPreprocessor', mean=[127.5] * 3, std=[64] * 3))
pipeline = [dict(type='Resize', scale=(32, 32), backend='pillow'),
            dict(type='PackInputs', meta_keys=('source', 'img_path'))]
train_dataloader = dict(
    batch_size=8, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmchanpos.ImageFolder', data_root='{images}',
                 pipeline=pipeline))
test_dataloader = dict(
    batch_size=4, num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='ConcatDataset', datasets=[
        dict(type='mmchanpos.ImageFolder', data_root='{images}',
             pipeline=pipeline),
        dict(type='mmchanpos.DrawnImages', content='white', size=32,
             pipeline=pipeline)]))
test_evaluator = dict(type='mmchanpos.PositionMapMetric')
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4))
train_cfg = dict(by_epoch=True, max_epochs=2)
test_cfg = dict()
work_dir = '{work}'
"""


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config and checkpoint of a training in this process."""
    folder = tmp_path_factory.mktemp('posenet')
    images = folder / 'images'
    images.mkdir()
    rng = np.random.default_rng(0)
    for i in range(16):
        pixels = rng.integers(0, 255, (24, 36, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f'{i:02d}.png')
    file = folder / 'posenet.py'
    file.write_text(
        CONFIG.format(root=ROOT, images=images, work=folder / 'work')
    )
    train(load_config(str(file)))
    return file, folder / 'work' / 'epoch_2.pth'


def weights(checkpoint):
    return torch.load(checkpoint, map_location='cpu')['state_dict']


def test_training_and_testing(trained):
    config, checkpoint = trained
    scores = run_test(load_config(str(config)), str(checkpoint))
    assert len(scores) == 2 * 8 * 2
    assert all(-1 <= value <= 1 for value in scores.values())
    assert scores['position/white/G_all_k3_l1_p0_s0/SPC'] != 0
    assert any(k.startswith('encoder.') for k in weights(checkpoint))


def test_two_processes_train_as_one(trained, tmp_path):
    """Frozen weights are no parameters, so DDP has only the read-outs."""
    config, checkpoint = trained
    options = '--cfg-options', 'train_dataloader.batch_size=4'
    words = config, '--work-dir', tmp_path, *options
    done = tool_in_two('train.py', *words)
    assert done.returncode == 0, done.stderr
    one, two = weights(checkpoint), weights(tmp_path / 'epoch_2.pth')
    assert list(one) == list(two)
    for name, weight in one.items():
        if name.startswith('encoder.'):
            assert torch.equal(two[name], weight), name
        else:
            assert torch.allclose(two[name], weight, atol=1e-5), name


def test_wrong_input_ends_with_one_message(trained, tmp_path):
    config, _ = trained
    key = 'train_dataloader.dataset.data_root'
    words = '--work-dir', tmp_path, '--cfg-options', f'{key}={tmp_path}'
    done = tool('train.py', config, *words)
    assert done.returncode == 2
    assert 'no file in it or below ends in .jpg' in done.stderr
    assert 'Traceback' not in done.stderr


def test_metrics_file(trained, tmp_path):
    config, checkpoint = trained
    cfg = load_config(str(config))
    cfg.test_evaluator['out_file'] = str(tmp_path / 'scores.json')
    run_test(cfg, str(checkpoint))
    rows = json.loads((tmp_path / 'scores.json').read_text())
    assert {row['source'] for row in rows} == {'natural', 'white'}
    assert rows[0]['images'] == 16
    assert rows[0]['SPC_std'] > 0
