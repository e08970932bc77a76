_base_ = ['resnet18-small_cifar10-subset.py', '_base_/aps.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
