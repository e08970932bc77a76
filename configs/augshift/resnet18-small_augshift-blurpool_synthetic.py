_base_ = ['resnet18-small_synthetic.py', '_base_/blurpool-k3.py']

model = dict(backbone=dict(_base_.antialiased, backbone=_base_.model.backbone))
