_base_ = ['resnet18_imagenet.py', '_base_/blurpool.py']

model = dict(
    backbone=dict(
        _base_.antialiased, max_pool=2, backbone=_base_.model.backbone
    )
)
