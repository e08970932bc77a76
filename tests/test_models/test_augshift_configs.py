"""The networks of configs/augshift train and predict."""

import pytest
import torch
from mmengine.registry import init_default_scope

from mmchanpos.engine.config import load_config
from mmchanpos.registry import MODELS
from tests.conftest import ROOT

pytest.importorskip('mmpretrain')
from mmpretrain.structures import DataSample

FOLDER = ROOT / 'configs' / 'augshift'
METHODS = ('baseline_', '', 'blurpool_', 'augshift-blurpool_', 'augshift-aps_')
CASES = [
    *[(f'resnet18-small_{method}synthetic', 32) for method in METHODS],
    *[(f'resnet18-small_{method}cifar10-subset', 32) for method in METHODS],
    ('resnet18_cifar10', 32),
    ('resnet18_fast_cifar10', 32),
    ('resnet18_augshift-aps_cifar100', 32),
    ('resnet50_augshift-blurpool_cifar10', 32),
    ('resnet18_augshift-blurpool_imagenet', 232),
]


@pytest.mark.parametrize(('name', 'size'), CASES)
def test_a_step_of_training_and_a_prediction(name, size):
    cfg = load_config(str(FOLDER / f'{name}.py'))
    init_default_scope('mmpretrain')
    cfg.model.data_preprocessor = cfg.data_preprocessor
    model = MODELS.build(cfg.model)
    samples = [
        DataSample(metainfo=dict(sample_idx=i)).set_gt_label(i)
        for i in range(2)
    ]
    images = torch.randint(256, (2, 3, size, size), dtype=torch.uint8)
    batch = dict(inputs=images, data_samples=samples)
    model.train()
    data = model.data_preprocessor(batch, training=True)
    losses = model(**data, mode='loss')
    views = 1 if 'baseline' in name or '_blurpool' in name else 2
    assert ('loss_augshift' in losses) == (views == 2)
    total, _ = model.parse_losses(losses)
    total.backward()
    assert torch.isfinite(total)
    model.eval()
    data = model.data_preprocessor(batch, training=False)
    with torch.no_grad():
        found = model(**data, mode='predict')
    assert found[0].pred_score.shape == (cfg.model.head.num_classes,)


def test_blurpool_in_full_has_the_two_taps_of_the_supplement():
    files = list(FOLDER.glob('resnet[0-9]*_*blurpool_*.py'))
    files = [file for file in files if 'small' not in file.name]
    assert len(files) == 12
    for file in files:
        assert load_config(str(file), check=False).model.backbone.filt == 2


def test_methods_differ_in_nothing_but_the_method():
    plain = load_config(str(FOLDER / 'resnet18_baseline_cifar10.py'))
    for method in METHODS[1:]:
        cfg = load_config(str(FOLDER / f'resnet18_{method}cifar10.py'))
        views = dict(plain.data_preprocessor)
        if method != 'blurpool_':
            # The method is to see all the shifts that are tested.
            views.update(num_views=2, max_shift=8)
        assert cfg.data_preprocessor == views
        for key in ('train_dataloader', 'optim_wrapper', 'param_scheduler',
                    'train_cfg', 'test_cfg', 'test_dataloader'):  # fmt: skip
            assert cfg[key] == plain[key], key
        body = cfg.model.backbone.get('backbone', cfg.model.backbone)
        assert body.depth == plain.model.backbone.depth
        assert cfg.model.head == plain.model.head
