# A small segmentor of built-in streets, to be trained with and without
# padding (Table 5): its maps suffice for both, and its head has no border.
_base_ = '../attack/fcn_plain_synthetic.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.PaddedBackbone',
        padding='zero',
        backbone=dict(
            type='mmchanpos.PlainNet',
            widths=(16, 24, 32, 48, 48, 64, 64, 64),
            strides=(2, 1, 2, 1, 1, 1, 1, 1),
            dilations=(1,) * 8,
        ),
    ),
    decode_head=dict(in_channels=64, kernel_size=1),
)
