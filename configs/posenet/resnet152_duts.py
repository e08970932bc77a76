# The four stages of ResNet-152 (Table 1).
_base_ = '_base_/duts.py'

model = dict(
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone=dict(
            type='mmpretrain.ResNet', depth=152, out_indices=(0, 1, 2, 3)
        ),
        checkpoint='https://download.openmmlab.com/mmclassification/v0/'
        'resnet/resnet152_8xb32_in1k_20210901-4d7582fa.pth',
    )
)
