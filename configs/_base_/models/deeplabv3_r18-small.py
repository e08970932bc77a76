# DeepLabv3 with three stages of a small ResNet-18 at output stride 8: the
# latent has 128 channels. Side is the only cue between car and truck.
norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_val=0,
        seg_pad_val=255,
        size=(64, 128),
    ),
    backbone=dict(
        type='ResNetV1c',
        depth=18,
        stem_channels=8,
        base_channels=32,
        num_stages=3,
        out_indices=(0, 1, 2),
        strides=(1, 2, 1),
        dilations=(1, 1, 2),
        norm_cfg=norm_cfg,
        norm_eval=False,
        contract_dilation=True,
    ),
    decode_head=dict(
        type='ASPPHead',
        in_channels=128,
        in_index=2,
        channels=32,
        dilations=(1, 2),
        dropout_ratio=0.1,
        num_classes=19,
        norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False),
    ),
    train_cfg=dict(),
    test_cfg=dict(mode='whole'),
)
