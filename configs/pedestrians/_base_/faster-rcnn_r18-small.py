# Faster R-CNN with a small ResNet-18 and the pyramid of HRNet: three levels
# of 32 channels, for people of 20 to 110 pixels.
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'

ignore = dict(ignore_iof_thr=0.5)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=16,
        stem_channels=16,
        frozen_stages=-1,
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(
        _delete_=True,
        type='HRFPN',
        in_channels=[16, 32, 64, 128],
        out_channels=32,
        num_outs=3,
    ),
    rpn_head=dict(
        in_channels=32,
        feat_channels=32,
        anchor_generator=dict(
            scales=[4], ratios=[1 / 0.41], strides=[4, 8, 16]
        ),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=5, sampling_ratio=2),
            out_channels=32,
            featmap_strides=[4, 8, 16],
            finest_scale=16,
        ),
        bbox_head=dict(
            in_channels=32, fc_out_channels=128, roi_feat_size=5, num_classes=1
        ),
    ),
    train_cfg=dict(
        rpn=dict(
            assigner=dict(**ignore, pos_iou_thr=0.6), sampler=dict(num=64)
        ),
        rpn_proposal=dict(nms_pre=400, max_per_img=200),
        rcnn=dict(assigner=ignore, sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=200, max_per_img=100)),
)
