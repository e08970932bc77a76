_base_ = 'resnet18_cifar10.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        pool='BlurPool',
        filt=2,
        backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18),
    )
)
