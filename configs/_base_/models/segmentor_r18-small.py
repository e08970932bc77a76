# Three stages of a small ResNet-18 at output stride 8: the latent has 128
# channels. A leaf says which head reads it.
_base_ = './segmentor.py'

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    backbone=dict(
        type='ResNetV1c',
        depth=18,
        stem_channels=16,
        base_channels=32,
        num_stages=3,
        out_indices=(0, 1, 2),
        strides=(1, 2, 1),
        dilations=(1, 1, 2),
        norm_cfg=norm_cfg,
        norm_eval=False,
        contract_dilation=True,
    ),
    decode_head=dict(in_channels=128, in_index=2, norm_cfg=norm_cfg),
)
