# Faster R-CNN of Pedestron, whose "240 epochs" is a typo for about 20. Its
# training does not heed ignored people: ignore_iof_thr stays -1.
_base_ = [
    'mmdet::_base_/models/faster-rcnn_r50_fpn.py',
    '_base_/hrnetv2p-w32.py',
    '_base_/citypersons.py',
    '_base_/rcnn.py',
]
smooth_l1 = dict(_delete_=True, type='SmoothL1Loss', beta=1.0)
model = dict(
    backbone=_base_.hrnetv2_w32,
    neck=_base_.hrfpn,
    rpn_head=dict(
        loss_bbox=dict(_delete_=True, type='SmoothL1Loss', beta=1 / 9)
    ),
    roi_head=dict(bbox_head=dict(num_classes=1, loss_bbox=smooth_l1)),
    train_cfg=dict(
        rpn=dict(allowed_border=0), rpn_proposal=dict(max_per_img=2000)
    ),
)
resize = dict(
    type='RandomChoiceResize',
    scales=[(1216, 608), (2048, 1024)],
    keep_ratio=True,
)
train_dataloader = dict(
    batch_size=1,
    dataset=dict(
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=[*_base_.augment, resize, *_base_.pack],
    ),
)
param_scheduler = [
    _base_.warm_up,
    dict(type='MultiStepLR', milestones=[8, 11], by_epoch=True),
]
