import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmchanpos.errors import InputError
from mmchanpos.models.detectors import CSPHead
from mmchanpos.models.detectors.csp_targets import csp_targets
from mmchanpos.models.necks.csp_neck import CSPNeck, L2Norm
from mmchanpos.registry import MODELS

TEST = {
    'nms_pre': 1000,
    'score_thr': 0.1,
    'nms': {'type': 'nms', 'iou_threshold': 0.5},
    'max_per_img': 100,
}


def head(**kwargs):
    kwargs = {'in_channels': 12, 'feat_channels': 32, **kwargs}
    return CSPHead(test_cfg=ConfigDict(TEST), **kwargs)


def ideal(boxes, shape, **kwargs):
    """Outputs of a head that learnt some boxes by heart."""
    t = csp_targets([boxes], [boxes[:0]], shape, **kwargs)
    return t.center * 20 - 10, t.scale, t.offset


def tiny():
    return MODELS.build(
        {
            'type': 'mmchanpos.CSPDetector',
            'data_preprocessor': {
                'type': 'mmdet.DetDataPreprocessor',
                'pad_size_divisor': 16,
            },
            'backbone': {
                'type': 'mmdet.ResNet',
                'depth': 18,
                'base_channels': 4,
                'strides': (1, 2, 2, 1),
                'dilations': (1, 1, 1, 2),
                'out_indices': (1, 2, 3),
                'norm_eval': False,
            },
            'neck': {
                'type': 'mmchanpos.CSPNeck',
                'in_channels': (8, 16, 32),
                'out_channels': 4,
            },
            'bbox_head': {
                'type': 'mmchanpos.CSPHead',
                'in_channels': 12,
                'feat_channels': 32,
            },
            'test_cfg': TEST,
        }
    )


def batch(people=True):
    samples = []
    for i in range(2):
        sample = DetDataSample(
            metainfo={
                'img_shape': (64, 128),
                'ori_shape': (64, 128),
                'scale_factor': (1.0, 1.0),
                'batch_input_shape': (64, 128),
            }
        )
        boxes = torch.tensor([[10.0, 5, 31, 55]])[: int(people)]
        sample.gt_instances = InstanceData(
            bboxes=boxes, labels=torch.zeros(len(boxes), dtype=torch.long)
        )
        sample.ignored_instances = InstanceData(
            bboxes=torch.tensor([[80.0, 0, 120, 60]])[:i]
        )
        samples.append(sample)
    return torch.randn(2, 3, 64, 128), samples


@pytest.mark.parametrize(('h', 'w'), [(640, 1280), (1024, 2048)])
def test_shapes(h, w):
    neck, outputs = CSPNeck(out_channels=8), head(in_channels=24)
    assert CSPNeck().deconvs[2].weight.shape == (2048, 256, 4, 4)
    stages = [torch.zeros(1, 512, h // 8, w // 8)]
    stages += [torch.zeros(1, c, h // 16, w // 16) for c in (1024, 2048)]
    with torch.no_grad():
        (latent,) = neck(stages)
        maps = outputs((latent,))
    assert latent.shape == (1, 24, h // 4, w // 4)
    assert [m.shape[1:] for m in maps] == [
        (1, h // 4, w // 4),
        (1, h // 4, w // 4),
        (2, h // 4, w // 4),
    ]


def test_default_latent_has_768_channels():
    stages = [torch.randn(1, 512, 4, 8)]
    stages += [torch.randn(1, c, 2, 4) for c in (1024, 2048)]
    (latent,) = CSPNeck()(stages)
    assert latent.shape == (1, 768, 8, 16)
    norms = latent.reshape(3, 256, 8, 16).norm(dim=1)
    torch.testing.assert_close(norms, torch.full((3, 8, 16), 10.0))


def test_stages_that_do_not_meet_are_explained():
    stages = [torch.zeros(1, 512, 5, 8), torch.zeros(1, 1024, 2, 4)]
    with pytest.raises(InputError, match='multiples of 16'):
        CSPNeck((512, 1024), 4, (2, 4))(stages)
    with pytest.raises(InputError, match='stride'):
        CSPNeck((512, 1024), 4, (2,))


def test_norm_has_no_nan_gradient_where_all_channels_are_zero():
    x = torch.zeros(1, 4, 2, 2, requires_grad=True)
    L2Norm(4)(x).sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize('with_width', [False, True])
def test_decode_undoes_encode(with_width):
    boxes = torch.tensor(
        [[100.0, 100, 141, 200], [300, 50, 341, 150], [2, 3, 22.5, 53]]
    )
    outputs = ideal(boxes, (64, 128), with_width=with_width)
    meta = {'img_shape': (256, 512), 'scale_factor': (1.0, 1.0)}
    (found,) = head(with_width=with_width).predict_by_feat(*outputs, [meta])
    order = found.bboxes[:, 0].argsort(descending=True)
    got = found.bboxes[order]
    want = boxes[[1, 0, 2]]
    torch.testing.assert_close(
        got[:, :2] + got[:, 2:], want[:, :2] + want[:, 2:]
    )
    torch.testing.assert_close(got[:, 3] - got[:, 1], want[:, 3] - want[:, 1])
    torch.testing.assert_close(got[:, 2] - got[:, 0], want[:, 2] - want[:, 0])
    assert (found.scores > 0.99).all()


def test_rescaling_goes_back_to_the_file():
    outputs = ideal(torch.tensor([[100.0, 100, 141, 200]]), (64, 128))
    meta = {'img_shape': (256, 512), 'scale_factor': (0.5, 0.5)}
    (found,) = head().predict_by_feat(*outputs, [meta], rescale=True)
    np.testing.assert_allclose(
        found.bboxes[0], [200, 200, 282, 400], rtol=1e-5
    )


def test_clip_modes():
    boxes = torch.tensor([[-10.0, -5, 30, 90], [490, 200, 530, 300]])
    corners = head()._clip(boxes, (256, 512))
    assert corners.tolist() == [[0, 0, 30, 90], [490, 200, 511, 255]]
    shift = head(clip_mode='shift')._clip(boxes, (256, 512))
    assert shift.tolist() == [[0, 0, 40, 95], [490, 200, 512, 256]]


def test_thresholds_of_the_test():
    center = torch.full((1, 1, 16, 16), -10.0)
    center[0, 0, 2, 2] = torch.logit(torch.tensor(0.1)) - 1e-4
    scale, offset = torch.ones(1, 1, 16, 16), torch.zeros(1, 2, 16, 16)
    meta = {'img_shape': (64, 64), 'scale_factor': (1.0, 1.0)}
    (found,) = head().predict_by_feat(center, scale, offset, [meta])
    assert found.bboxes.shape == (0, 4)
    center[0, 0, 2, 2] += 1e-3
    (found,) = head().predict_by_feat(center, scale, offset, [meta])
    assert len(found) == 1


def test_initial_scores_and_variants():
    for shared in (False, True):
        outputs = head(shared_conv=shared)
        outputs.init_weights()
        maps = outputs((torch.randn(1, 12, 16, 16),))
        assert maps[0].sigmoid().mean().item() == pytest.approx(0.01, rel=0.2)
        names = set(outputs.features)
        assert names == (
            {'shared'} if shared else {'center', 'scale', 'offset'}
        )


@pytest.mark.parametrize('people', [True, False])
def test_detector_learns_and_predicts(people):
    torch.manual_seed(0)
    model = tiny()
    model.init_weights()
    inputs, samples = batch(people)
    losses = model(inputs, samples, mode='loss')
    assert set(losses) == {'loss_center', 'loss_scale', 'loss_offset'}
    sum(losses.values()).backward()
    for parameter in model.parameters():
        if parameter.grad is not None:
            assert torch.isfinite(parameter.grad).all()
    model.eval()
    with torch.no_grad():
        out = model(inputs, samples, mode='predict')
    assert out[0].pred_instances.bboxes.shape[1] == 4


def test_wrong_choices_are_explained():
    with pytest.raises(InputError, match='one class'):
        head(num_classes=3)
    with pytest.raises(InputError, match='clip_mode'):
        head(clip_mode='keras')
