_base_ = ['resnet18_cifar10.py', '_base_/aps.py']

model = dict(
    backbone=dict(
        _base_.antialiased, _delete_=True, backbone=_base_.model.backbone
    )
)
