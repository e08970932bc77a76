"""Table S1 detectors as configured, on images that a CPU can pay for."""

import pytest
import torch

pytest.importorskip('mmdet')
from mmdet.registry import DATASETS
from mmdet.registry import MODELS as DETECTORS
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope

from mmchanpos.datasets.synthetic import write_streets
from mmchanpos.engine.config import load_config
from tests.conftest import ROOT


@pytest.fixture(scope='module')
def streets(tmp_path_factory):
    root = tmp_path_factory.mktemp('data') / 'streets'
    write_streets(root, {'train': 3, 'val': 6}, 144, 288)
    return root


def small(steps):
    """The pipeline of a config, with sizes that a test can pay for."""
    smaller = {
        'RandomChoiceResize': {'scales': [(256, 128)]},
        'RandomResize': {'scale': [(256, 128), (288, 144)]},
        'Resize': {'scale': (256, 128)},
        'mmchanpos.CSPScaleCrop': {'size': (128, 256)},
    }
    for step in steps:
        step.update(smaller.get(step['type'], {}))


@pytest.mark.slow
@pytest.mark.parametrize(
    'name',
    [
        'csp_r50_citypersons',
        'faster-rcnn_hrnetv2p-w32_citypersons',
        'cascade-rcnn_hrnetv2p-w32_citypersons',
    ],
)
def test_one_step_and_one_image(name, streets):
    torch.manual_seed(0)
    options = {'model.backbone.init_cfg': None}
    cfg = load_config(str(ROOT / f'configs/pedestrians/{name}.py'), options)
    init_default_scope(cfg.default_scope)
    train, test = (
        cfg[f'{mode}_dataloader'].dataset for mode in ('train', 'test')
    )
    for dataset in (train, test):
        small(dataset.pipeline)
        dataset.data_root = str(streets)
    # These streets are too low for people of 50 pixels.
    train.min_height = 10
    model = DETECTORS.build(cfg.model)
    model.init_weights()
    before = model.backbone.conv1.weight.clone()
    data = DATASETS.build(train)
    batch = pseudo_collate([data[i % len(data)] for i in range(2)])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses = model.train_step(batch, OptimWrapper(optimizer))
    assert all(torch.isfinite(v).all() for v in losses.values())
    assert not torch.equal(before, model.backbone.conv1.weight)
    data = DATASETS.build(test)
    image = next(d for d in data if d['data_samples'].instances)
    model.eval()
    with torch.no_grad():
        (found,) = model.test_step(pseudo_collate([image]))
    assert found.pred_instances.bboxes.shape[1] == 4
    assert set(found.pred_instances.labels.tolist()) <= {0}
    # What the metric needs came along.
    assert found.instances[0].keys() >= {'full_box', 'visibility'}
