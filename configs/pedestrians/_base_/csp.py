# CSP of Pedestron as of 2020, the year of the attacked weights: smooth L1 and
# no mixup.
model = dict(
    type='mmchanpos.CSPDetector',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=128,
    ),
    backbone=dict(
        type='ResNet',
        depth=50,
        strides=(1, 2, 2, 1),
        dilations=(1, 1, 1, 2),
        out_indices=(1, 2, 3),
        frozen_stages=-1,
        norm_cfg=dict(type='BN', requires_grad=True),
        norm_eval=False,
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    neck=dict(
        type='mmchanpos.CSPNeck',
        in_channels=(512, 1024, 2048),
        out_channels=256,
    ),
    bbox_head=dict(
        type='mmchanpos.CSPHead', in_channels=768, feat_channels=256
    ),
    test_cfg=dict(
        nms_pre=1000,
        score_thr=0.1,
        nms=dict(type='nms', iou_threshold=0.5),
        max_per_img=100,
    ),
)
augment = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='mmchanpos.CSPBrightness'),
    dict(type='RandomFlip', prob=0.5),
]
pack = [dict(type='PackDetInputs')]
