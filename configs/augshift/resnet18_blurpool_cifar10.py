_base_ = ['resnet18_baseline_cifar10.py', '_base_/blurpool.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
