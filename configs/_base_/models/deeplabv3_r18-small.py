# DeepLabv3 on streets of 64 x 128, where side is the only cue between car and
# truck.
_base_ = './segmentor_r18-small.py'

model = dict(
    data_preprocessor=dict(size=(64, 128)),
    backbone=dict(stem_channels=8),
    decode_head=dict(
        type='ASPPHead', channels=32, dilations=(1, 2), dropout_ratio=0.1
    ),
)
