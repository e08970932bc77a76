import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData, PixelData
from torch import nn

from mmchanpos.engine.hosts import map_classes, predicted, predicts

SIZE = (6, 8)


@pytest.mark.parametrize(
    ('parts', 'said'),
    [
        (dict(head=1), 'labels'),
        (dict(decode_head=1), 'maps'),
        (dict(bbox_head=1), 'boxes'),
        (dict(rpn_head=1, roi_head=1), 'boxes'),
        (dict(panoptic_head=1, panoptic_fusion_head=1), 'maps'),
        (dict(rpn_head=1, roi_head=1, panoptic_fusion_head=1,
              test_cfg=dict(rcnn={})), 'maps'),
        (dict(panoptic_head=1, panoptic_fusion_head=1,
              test_cfg=dict(instance_on=True)), 'boxes'),
    ],
)  # fmt: skip
def test_heads_say_what_is_predicted(parts, said):
    net, config = nn.Module(), dict(type='X', backbone=1, **parts)
    for name, part in config.items():
        setattr(net, name, part)
    outer = nn.Module()
    outer.teacher = net
    assert predicts(net) == predicts(config) == predicts(outer) == said
    # Semi-supervised detectors and trackers hold the one that predicts.
    assert predicts(dict(type='Y', detector=config)) == said


@pytest.fixture
def sample():
    structures = pytest.importorskip('mmdet.structures')
    return structures.DetDataSample(
        metainfo=dict(img_shape=SIZE, ori_shape=SIZE)
    )


def test_a_panoptic_prediction_is_a_map_of_classes(sample):
    heads = pytest.importorskip('mmdet.models.seg_heads')
    fusion = heads.MaskFormerFusionHead(
        num_things_classes=2,
        num_stuff_classes=1,
        test_cfg=dict(object_mask_thr=0.5, iou_thr=0.5),
    )
    net = nn.Module()
    net.panoptic_fusion_head = fusion
    assert map_classes(net) == (4, 255)
    # Two cars at the left, of one class, sky at the right, nothing between.
    logits = torch.full((4, 4), -9.0)
    for query, label in enumerate((1, 1, 2, 3)):
        logits[query, label] = 9
    masks = torch.full((4, *SIZE), -9.0)
    masks[0, :3, :3] = masks[1, 3:, :3] = masks[2, :, 5:] = 9
    masks[3, :, 3:5] = 9
    fusion.test_cfg['filter_low_score'] = True
    (found,) = fusion.predict(logits[None], masks[None], [sample])
    sample.pred_panoptic_seg = found['pan_results']
    assert len(sample.pred_panoptic_seg.sem_seg.unique()) == 4
    row = [1, 1, 1, 3, 3, 2, 2, 2]
    assert torch.equal(predicted(sample), torch.tensor([row] * SIZE[0]))


def test_masks_without_boxes_give_theirs(sample):
    masks = torch.zeros(2, *SIZE, dtype=torch.bool)
    masks[0, 1:3, 2:5] = True  # the other has no pixel
    sample.pred_instances = InstanceData(
        bboxes=torch.zeros(2, 4),
        scores=torch.tensor([0.9, 0.8]),
        labels=torch.tensor([1, 0]),
        masks=masks,
    )
    boxes = predicted(sample)
    assert np.array_equal(boxes.boxes, [[2, 1, 5, 3], [0, 0, 0, 0]])
    # Boxes that a model does say are kept.
    sample.pred_instances.bboxes = torch.ones(2, 4)
    assert np.array_equal(predicted(sample).boxes, np.ones((2, 4)))


def test_a_map_of_a_segmentor_is_kept(sample):
    drawn = torch.randint(0, 19, (1, *SIZE))
    sample.pred_sem_seg = PixelData(data=drawn)
    assert torch.equal(predicted(sample), drawn[0])
