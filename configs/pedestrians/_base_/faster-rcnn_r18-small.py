# The small Faster R-CNN with four stages and the pyramid of HRNet, for people
# of 20 to 110 pixels.
_base_ = '../../_base_/models/faster-rcnn_r18-small-fpn.py'

model = dict(
    data_preprocessor=dict(pad_size_divisor=32),
    backbone=dict(
        num_stages=4,
        strides=(1, 2, 2, 2),
        dilations=(1, 1, 1, 1),
        out_indices=(0, 1, 2, 3),
    ),
    neck=dict(
        _delete_=True,
        type='HRFPN',
        in_channels=[16, 32, 64, 128],
        out_channels=32,
        num_outs=3,
    ),
    rpn_head=dict(anchor_generator=dict(scales=[4], ratios=[1 / 0.41])),
    roi_head=dict(
        bbox_roi_extractor=dict(finest_scale=16),
        bbox_head=dict(num_classes=1, reg_class_agnostic=False),
    ),
    test_cfg=dict(rcnn=dict(max_per_img=100)),
)
