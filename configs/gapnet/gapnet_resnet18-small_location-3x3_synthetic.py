# GAPNet on built-in data, small enough for a minute on two cores. Images are
# in memory too, hence the base.
_base_ = './gapnet_resnet18_location-3x3_npz.py'

model = dict(
    # few channels: a PermuteNet of this size learns in hundreds of steps
    backbone=dict(
        stem_channels=8,
        base_channels=8,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
    ),
    head=dict(in_channels=32),
)
auto_scale_lr = dict(base_batch_size=32)
train_dataloader = dict(
    batch_size=32,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.SyntheticObjects',
        num=3200,
        size=12,
        split='train',
        pipeline=_base_.train_dataloader.dataset.pipeline,
    ),
)
val_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='mmchanpos.SyntheticObjects',
        num=600,
        size=12,
        split='test',
        pipeline=_base_.val_dataloader.dataset.pipeline,
    )
)
test_dataloader = val_dataloader

# Few steps want a high and falling learning rate; T_max is max_epochs.
optim_wrapper = dict(optimizer=dict(lr=0.01))
train_cfg = dict(max_epochs=3)
param_scheduler = dict(
    type='CosineAnnealingLR',
    T_max=3,
    by_epoch=True,
    convert_to_iter_based=True,
)
