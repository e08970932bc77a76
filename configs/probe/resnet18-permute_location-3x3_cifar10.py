# A PermuteNet read-out of the last stage of a frozen ImageNet ResNet-18 (S1).
_base_ = './resnet18_location-3x3_cifar10.py'

model = dict(
    neck=[
        dict(type='mmpretrain.GlobalAveragePooling'),
        dict(type='mmchanpos.PermuteChannel', mode='per_forward'),
    ]
)
# mean and spread over five draws of the permutations
test_cfg = dict(type='mmchanpos.RedrawLoop', redraws=5)
