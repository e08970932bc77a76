_base_ = [
    '../_base_/models/faster-rcnn_r18-small-fpn.py',
    '../_base_/datasets/synthetic_detection.py',
    '../_base_/default_runtime.py',
]

default_scope = 'mmdet'
max_epochs = 8
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=max_epochs
)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=8)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=50, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
