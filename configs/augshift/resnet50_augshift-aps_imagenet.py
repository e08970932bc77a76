_base_ = 'resnet18_augshift-aps_imagenet.py'

model = dict(
    backbone=dict(backbone=dict(depth=50)), head=dict(in_channels=2048)
)
