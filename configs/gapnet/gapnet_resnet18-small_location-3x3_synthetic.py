# GAPNet on built-in data, small enough for a minute on two cores.
_base_ = './gapnet_resnet18_location-3x3_cifar10.py'

model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(in_channels=128),
)
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.SyntheticObjects',
        num=2400,
        size=16,
        split='train',
        pipeline=_base_.train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.SyntheticObjects',
        num=600,
        size=16,
        split='test',
        pipeline=_base_.test_pipeline,
    ),
)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=1)
# Few steps want a falling learning rate; T_max is max_epochs.
param_scheduler = dict(
    type='CosineAnnealingLR',
    T_max=1,
    by_epoch=True,
    convert_to_iter_based=True,
)
