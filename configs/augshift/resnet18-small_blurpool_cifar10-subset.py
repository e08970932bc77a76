_base_ = ['resnet18-small_baseline_cifar10-subset.py', '_base_/blurpool-k3.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
