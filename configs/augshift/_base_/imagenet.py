# ResNet-18 on ImageNet, the plain network: what all ImageNet leaves share.
_base_ = [
    'mmpretrain::_base_/models/resnet18.py',
    'mmpretrain::_base_/datasets/imagenet_bs32.py',
    'mmpretrain::_base_/schedules/imagenet_bs256.py',
    'mmpretrain::_base_/default_runtime.py',
]

# Random crops of 232 pixels, in which views are windows of 224: they share
# their scale and differ by a shift of at most 8 pixels.
data_preprocessor = dict(
    type='mmchanpos.ShiftViewsPreprocessor',
    num_views=1,
    mode='crop',
    crop=224,
    max_shift=8,
)
pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=232),
    dict(type='PackInputs'),
]
collate = dict(type='default_collate')
train_dataloader = dict(
    batch_size=64, collate_fn=collate, dataset=dict(pipeline=pipeline)
)
val_dataloader = dict(batch_size=64, collate_fn=collate)
test_dataloader = dict(batch_size=64, collate_fn=collate)
train_cfg = dict(max_epochs=90, val_interval=5)
test_cfg = dict(
    type='mmchanpos.ShiftConsistencyLoop',
    tests=['islam-cons8', 'islam-cons16', 'imagenet-cons8', 'imagenet-cons16'],
)
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1))
randomness = dict(seed=0)
