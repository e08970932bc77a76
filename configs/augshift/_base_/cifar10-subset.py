# A part of CIFAR-10 in one file with x_train, y_train, x_test and y_test.
_base_ = 'objects.py'

model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(in_channels=128),
)
dataset = dict(
    _delete_=True,
    type='mmchanpos.ArrayDataset',
    images='data/cifar10_subset.npz',
    split='train',
    pipeline=[dict(type='PackInputs')],
)
train_dataloader = dict(dataset=dataset)
val_dataloader = dict(dataset=dict(dataset, split='test', test_mode=True))
test_dataloader = dict(dataset=dict(dataset, split='test', test_mode=True))
