# Patch tokens of a vision transformer, which has position embeddings.
_base_ = '_base_/duts.py'

model = dict(
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone=dict(
            type='mmpretrain.VisionTransformer',
            arch='b',
            img_size=224,
            patch_size=16,
            out_indices=(2, 5, 8, 11),
            out_type='raw',
        ),
        checkpoint=None,
    )
)
