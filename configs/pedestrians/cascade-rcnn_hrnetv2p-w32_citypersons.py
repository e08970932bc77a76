# Cascade R-CNN of Pedestron without its mask branch, which learns boxes
# filled in and has no part in its test.
_base_ = [
    'mmdet::_base_/models/cascade-rcnn_r50_fpn.py',
    '_base_/hrnetv2p-w32.py',
    '_base_/cascade_stages.py',
    '_base_/citypersons.py',
    '_base_/rcnn.py',
]
model = dict(
    backbone=dict(**_base_.hrnetv2_w32, norm_eval=False),
    neck=_base_.hrfpn,
    roi_head=dict(bbox_head=_base_.stage_heads),
    train_cfg=dict(
        rpn=dict(assigner=dict(ignore_iof_thr=0.7)), rcnn=_base_.stage_training
    ),
    test_cfg=dict(
        rcnn=dict(
            score_thr=0.001,
            nms=dict(type='soft_nms', iou_threshold=0.5, min_score=0.001),
        )
    ),
)
resize = dict(
    type='RandomResize', scale=[(1216, 608), (2048, 1024)], keep_ratio=True
)
train_dataloader = dict(
    batch_size=2,
    dataset=dict(
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=[*_base_.augment, resize, *_base_.pack],
    ),
)
param_scheduler = [
    _base_.warm_up,
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
]
