_base_ = 'resnet18-small_synthetic.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        pool='BlurPool',
        filt=3,
        backbone=dict(
            type='mmpretrain.ResNet_CIFAR',
            depth=18,
            stem_channels=8,
            base_channels=8,
            strides=(2, 2, 2, 2),
            zero_init_residual=False,
        ),
    )
)
