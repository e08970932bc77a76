_base_ = [
    '../_base_/models/resnet-small.py',
    '../_base_/datasets/synthetic_classification.py',
    '../_base_/default_runtime.py',
]

default_scope = 'mmpretrain'
max_epochs = 4
train_cfg = dict(by_epoch=True, max_epochs=max_epochs, val_interval=max_epochs)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=64)
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.01))
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=4e-3,
    total_steps=max_epochs,
    by_epoch=True,
    convert_to_iter_based=True,
)
