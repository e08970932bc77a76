# Network in Network: 1x1 convolutions and pooling, the first GAPNet.
_base_ = './gapnet_resnet18_location-3x3_cifar10.py'

model = dict(
    backbone=dict(_delete_=True, type='mmchanpos.NIN'),
    head=dict(in_channels=192, kernel_size=1),
)
