# A GAPNet read-out of the last stage of a frozen ImageNet ResNet-18 (S1).
_base_ = '../gapnet/gapnet_resnet18_location-3x3_cifar10.py'

data_preprocessor = dict(
    mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375]
)
place = dict(_base_.place, mean=[123.675, 116.28, 103.53])
train_dataloader = dict(
    dataset=dict(pipeline=[_base_.flip, place, _base_.pack])
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(place, where='seeded'), _base_.pack])
)
test_dataloader = val_dataloader

model = dict(
    # the head alone learns
    freeze=True,
    backbone=dict(
        _delete_=True,
        type='mmpretrain.ResNet',
        depth=18,
        # 0 to 3; the head's in_channels are 64, 128, 256 and 512
        out_indices=(3,),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='checkpoints/resnet18_8xb32_in1k.pth',
            prefix='backbone',
        ),
    ),
    head=dict(in_channels=512, kernel_size=1),
)
