# FCN: two convolutions read the latent.
_base_ = './segmentor_r18-small.py'

model = dict(
    data_preprocessor=dict(size_divisor=8, test_cfg=dict(size_divisor=8)),
    decode_head=dict(
        type='FCNHead',
        channels=48,
        num_convs=1,
        concat_input=False,
        dropout_ratio=0,
    ),
)
