"""What a sweep on a GPU counts, without maps, is what it counts with them."""

import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import MODELS, init_default_scope
from mmengine.structures import PixelData

from mmchanpos.engine.config import load_config
from mmchanpos.engine.counted import countable, counted
from mmchanpos.evaluation.region_iou import RegionIoUMetric
from mmchanpos.testing.segmentor import CONFIG

SIZE = (64, 128)


@pytest.fixture
def model():
    cfg = load_config(str(CONFIG))
    init_default_scope('mmseg')
    torch.manual_seed(0)
    return MODELS.build(cfg.model).eval()


@pytest.fixture
def metric():
    metric = RegionIoUMetric(regions=['overall', 'left'])
    metric.dataset_meta = dict(classes=list('abcdefghijklmnopqrs'))
    return metric


def sample(**meta):
    from mmseg.structures import SegDataSample

    meta = {
        **dict.fromkeys(('img_shape', 'ori_shape', 'pad_shape'), SIZE),
        **meta,
    }
    truth = torch.randint(0, 19, (1, *SIZE))
    return SegDataSample(metainfo=meta, gt_sem_seg=PixelData(data=truth))


def test_counts_are_those_of_the_maps(model, metric):
    image, one = torch.randn(1, 3, *SIZE), sample()
    assert countable(model, Evaluator([metric]), [one])
    with torch.no_grad():
        (found,) = model(image, [one.new()], mode='predict')
        metric.process({}, [found.to_dict()])
        with counted(model, metric):
            # One image twice, as where ablations share a run.
            twice = model(
                image.expand(2, -1, -1, -1), [one.new(), one.new()], 'predict'
            )
    assert all('pred_sem_seg' not in found for found in twice)
    metric.process({}, [found.to_dict() for found in twice])
    wanted, *counts = metric.results
    assert wanted[0, 0].sum() > 0
    assert all(torch.equal(wanted, found) for found in counts)
    # The model is as it was.
    (again,) = model(image, [one.new()], mode='predict')
    assert again.pred_sem_seg.data.shape == (1, *SIZE)


@pytest.mark.parametrize(
    'meta',
    [
        dict(ori_shape=(30, 60)),
        dict(pad_shape=(64, 160)),
        dict(flip=True),
        dict(padding_size=[0, 8, 0, 4]),
    ],
    ids=str,
)
def test_an_image_that_is_changed_on_the_way_needs_its_map(
    model, metric, meta
):
    assert not countable(model, Evaluator([metric]), [sample(**meta)])


def test_other_models_and_metrics_need_it_too(model, metric):
    class Other(RegionIoUMetric):
        """May look at the map."""

    other = Other()
    other.dataset_meta = metric.dataset_meta
    one = sample()
    assert not countable(model, Evaluator([other]), [one])
    assert not countable(model, Evaluator([metric, metric]), [one])
    assert not countable(model, Evaluator([metric]), [one, one])
    assert not countable(torch.nn.Linear(1, 1), Evaluator([metric]), [one])
    metric.dataset_meta = dict(classes=['a', 'b'])
    assert not countable(model, Evaluator([metric]), [one])
    model.test_cfg.mode = 'slide'
    assert not countable(model, Evaluator([metric]), [one])
