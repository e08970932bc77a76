# A small FCN from scratch on real streets: CamVid at half size, 96 channels.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/fcn_r18-small.py',
    '../_base_/datasets/camvid.py',
]
default_scope = 'mmseg'
model = dict(
    backbone=dict(base_channels=24),
    decode_head=dict(in_channels=96, num_classes=11),
)

max_epochs = 20
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=max_epochs
)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=4)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01),
)
param_scheduler = [
    dict(
        type='OneCycleLR',
        eta_max=2e-3,
        total_steps=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    )
]
