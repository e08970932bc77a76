_base_ = [
    '../_base_/models/deeplabv3_r18-small.py',
    '../_base_/datasets/synthetic_segmentation.py',
    '../_base_/default_runtime.py',
]

default_scope = 'mmseg'
max_iters = 400
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters
)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=16)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=6e-3, weight_decay=0.01),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=30, by_epoch=False),
    dict(
        type='CosineAnnealingLR',
        begin=30,
        T_max=max_iters - 30,
        by_epoch=False,
    ),
]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=-1))
log_processor = dict(by_epoch=False)
