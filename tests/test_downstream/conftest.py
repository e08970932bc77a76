"""The three toy configs with a few scenes, and a checkpoint of each."""

import pytest

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.engine.config import load_config
from mmchanpos.engine.launch import train
from tests.conftest import ROOT

TOYS = {
    'mmpretrain': 'resnet-small_synthetic',
    'mmseg': 'deeplabv3_r18-small_synthetic',
    'mmdet': 'faster-rcnn_r18-small-fpn_synthetic',
}
#: Module whose output is the latent.
TAPS = {'mmpretrain': 'backbone', 'mmseg': 'backbone', 'mmdet': 'neck'}
#: As small as they still have two batches.
FEW = {
    'mmpretrain': (
        'num = dict(num=128)\n'
        'train_dataloader = dict(dataset=num)\n'
        'val_dataloader = dict(dataset=num, num_workers=0,'
        ' persistent_workers=False)\n'
        'test_dataloader = val_dataloader\n'
    )
}


@pytest.fixture(scope='session')
def toys(tmp_path_factory):
    """Host to (config, checkpoint), trained for two iterations."""
    folder = tmp_path_factory.mktemp('toys')
    write_streets(
        folder / 'data/synthetic/streets', {'train': 16, 'val': 6}, 64, 128
    )
    made = {}
    for host, name in TOYS.items():
        base = ROOT / f'configs/attack/{name}.py'
        config = folder / f'{host}.py'
        config.write_text(
            f"_base_ = '{base}'\n{FEW.get(host, '')}"
            "train_cfg = dict(_delete_=True, type='IterBasedTrainLoop',"
            ' max_iters=2, val_interval=9)\n'
            'param_scheduler = None\n'
            'default_hooks = dict(checkpoint=dict(by_epoch=False))\n'
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            train(load_config(str(config), work_dir=str(folder)))
        made[host] = (
            config,
            (folder / 'iter_2.pth').rename(folder / f'{host}.pth'),
        )
    return made
