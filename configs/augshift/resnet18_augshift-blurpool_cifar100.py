_base_ = ['resnet18_cifar100.py', '_base_/blurpool.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
