# VGG16 before each pooling, all five stages (Table 1).
_base_ = '_base_/duts.py'

model = dict(
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone=dict(type='mmpretrain.VGG', depth=16),
        taps=[
            'features.1',
            'features.4',
            'features.8',
            'features.12',
            'features.16',
        ],
        checkpoint='https://download.openmmlab.com/mmclassification/v0/vgg/'
        'vgg16_batch256_imagenet_20210208-db26f1a5.pth',
    )
)
