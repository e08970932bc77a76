# ResNet-18 on CIFAR-10, the plain network: what all CIFAR leaves share.
_base_ = 'mmpretrain::resnet/resnet18_8xb16_cifar10.py'

# The usual recipe, drawn on the device: flips, and shifts by up to 4 pixels.
# AugShift's views are shifted by up to 8, as in the test.
data_preprocessor = dict(
    type='mmchanpos.ShiftViewsPreprocessor', num_views=1, max_shift=4
)
pipeline = [dict(type='PackInputs')]
collate = dict(type='default_collate')
# 128 images per step: tools/train.py shares them among the processes.
train_dataloader = dict(
    batch_size=128, collate_fn=collate, dataset=dict(pipeline=pipeline)
)
val_dataloader = dict(
    batch_size=100, collate_fn=collate, dataset=dict(pipeline=pipeline)
)
test_dataloader = val_dataloader

optim_wrapper = dict(optimizer=dict(weight_decay=5e-4, nesterov=True))
# The cosine spans whatever number of epochs is set below.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=2000, by_epoch=False),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(val_interval=5)
test_cfg = dict(
    type='mmchanpos.ShiftConsistencyLoop',
    tests=['cifar-zero8', 'cifar-circular8'],
)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
randomness = dict(seed=0)
