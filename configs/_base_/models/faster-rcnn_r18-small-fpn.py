# Faster R-CNN with a small ResNet-18 and a feature pyramid of 32 channels, for
# people and the two cars that differ in side only; so images are not flipped.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

ignore = dict(ignore_iof_thr=0.5)
model = dict(
    data_preprocessor=dict(pad_size_divisor=16),
    backbone=dict(
        depth=18,
        stem_channels=16,
        base_channels=16,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[16, 32, 64], out_channels=32, num_outs=3),
    rpn_head=dict(
        in_channels=32,
        feat_channels=32,
        anchor_generator=dict(
            scales=[2.0], ratios=[0.8, 2.4], strides=[4, 8, 16]
        ),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=5, sampling_ratio=2),
            out_channels=32,
            featmap_strides=[4, 8, 16],
            finest_scale=12,
        ),
        bbox_head=dict(
            in_channels=32,
            fc_out_channels=128,
            roi_feat_size=5,
            num_classes=3,
            reg_class_agnostic=True,
        ),
    ),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(**ignore, pos_iou_thr=0.6), sampler=dict(num=64)
        ),
        rpn_proposal=dict(nms_pre=400, max_per_img=200),
        rcnn=dict(assigner=ignore, sampler=dict(num=64)),
    ),
    test_cfg=dict(
        rpn=dict(nms_pre=200, max_per_img=100), rcnn=dict(max_per_img=50)
    ),
)
