# The three stages of Cascade R-CNN for one class, written out, since lists
# cannot be changed in part. Ignored people are left alone in all of them.
head = dict(
    type='Shared2FCBBoxHead',
    in_channels=256,
    fc_out_channels=1024,
    roi_feat_size=7,
    num_classes=1,
    reg_class_agnostic=True,
    loss_cls=dict(type='CrossEntropyLoss', use_sigmoid=False),
    loss_bbox=dict(type='SmoothL1Loss', beta=1.0),
)
coder = dict(type='DeltaXYWHBBoxCoder')
stage_heads = [
    dict(**head, bbox_coder=dict(**coder, target_stds=[0.1, 0.1, 0.2, 0.2])),
    dict(**head, bbox_coder=dict(**coder, target_stds=[0.05, 0.05, 0.1, 0.1])),
    dict(
        **head,
        bbox_coder=dict(**coder, target_stds=[0.033, 0.033, 0.067, 0.067]),
    ),
]
assigner = dict(
    type='MaxIoUAssigner', match_low_quality=False, ignore_iof_thr=0.7
)
iou5 = dict(pos_iou_thr=0.5, neg_iou_thr=0.5, min_pos_iou=0.5)
iou6 = dict(pos_iou_thr=0.6, neg_iou_thr=0.6, min_pos_iou=0.6)
iou7 = dict(pos_iou_thr=0.7, neg_iou_thr=0.7, min_pos_iou=0.7)
sampler = dict(
    type='RandomSampler', num=512, pos_fraction=0.25, add_gt_as_proposals=True
)
stage = dict(sampler=sampler, pos_weight=-1, debug=False)
stage_training = [
    dict(**stage, assigner=dict(**assigner, **iou5)),
    dict(**stage, assigner=dict(**assigner, **iou6)),
    dict(**stage, assigner=dict(**assigner, **iou7)),
]
