_base_ = ['resnet18_imagenet.py', '_base_/aps.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
