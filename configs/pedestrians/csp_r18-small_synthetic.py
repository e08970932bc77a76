# A small CSP on built-in streets, minutes on two cores: latent of 3 x 16.
_base_ = ['_base_/csp.py', '_base_/synthetic.py']
model = dict(
    data_preprocessor=dict(pad_size_divisor=16),
    backbone=dict(depth=18, base_channels=16, stem_channels=16, init_cfg=None),
    neck=dict(in_channels=(32, 64, 128), out_channels=16),
    # The 32 groups of the full head would be single channels here, whose
    # statistics differ between a crop around a person and a whole street.
    bbox_head=dict(in_channels=48, feat_channels=32, norm_cfg=dict(type='BN')),
)
crop = dict(
    type='mmchanpos.CSPScaleCrop',
    size=(128, 256),
    ratios=(0.6, 1.2),
    min_width=5,
)
train_dataloader = dict(
    dataset=dict(min_height=20, pipeline=[*_base_.augment, crop, *_base_.pack])
)
