import copy

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from mmchanpos.engine.config import load_config
from mmchanpos.engine.quick_postprocess import quick_argmax, quick_postprocess
from mmchanpos.testing.segmentor import CONFIG


@pytest.fixture(scope='module')
def model():
    cfg = load_config(str(CONFIG))
    init_default_scope('mmseg')
    torch.manual_seed(0)
    return MODELS.build(cfg.model).eval()


def samples(shape, **meta):
    from mmseg.structures import SegDataSample

    meta = dict(img_shape=(64, 128), pad_shape=(64, 128), **meta)
    return [SegDataSample(metainfo=dict(ori_shape=shape, **meta))] * 2


@pytest.mark.parametrize(
    ('shape', 'meta'),
    [
        ((64, 128), {}),
        ((30, 60), {}),
        ((64, 128), dict(flip=True, flip_direction='horizontal')),
        ((60, 120), dict(padding_size=[0, 8, 0, 4])),
    ],
)
def test_not_one_pixel_changes(model, shape, meta):
    image = torch.randn(2, 3, 64, 128)
    with torch.no_grad():
        usual = model(image, samples(shape, **meta), mode='predict')
        usual = copy.deepcopy(usual)
        with quick_postprocess(model):
            quick = model(image, samples(shape, **meta), mode='predict')
    for a, b in zip(usual, quick):
        assert torch.equal(a.pred_sem_seg.data, b.pred_sem_seg.data)
        assert torch.equal(a.seg_logits.data, b.seg_logits.data)
    assert 'postprocess_result' not in vars(model)


def test_ties_go_to_the_first_channel():
    logits = torch.randint(0, 3, (19, 40, 40)).float()
    assert torch.equal(quick_argmax(logits), logits.argmax(0, keepdim=True))


def test_other_models_stay_as_they_are():
    net = torch.nn.Linear(1, 1)
    with quick_postprocess(net):
        assert not hasattr(net, 'postprocess_result')
