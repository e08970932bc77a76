_base_ = 'resnet18_cifar100.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        pool='APS',
        filt=3,
        backbone=dict(type='mmpretrain.ResNet_CIFAR', depth=18),
    )
)
