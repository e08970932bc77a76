_base_ = 'resnet18-small_cifar10-subset.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        pool='BlurPool',
        filt=3,
        backbone=dict(
            type='mmpretrain.ResNet_CIFAR',
            depth=18,
            stem_channels=16,
            base_channels=16,
            strides=(2, 2, 2, 2),
            zero_init_residual=False,
        ),
    )
)
