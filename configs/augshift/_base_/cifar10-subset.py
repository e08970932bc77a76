# 10,000 and 2,000 images of CIFAR-10, from one file with x_train, y_train,
# x_test and y_test (uint8 RGB, and integers).
_base_ = 'synthetic.py'

model = dict(
    backbone=dict(stem_channels=16, base_channels=16),
    head=dict(in_channels=128),
)
data_preprocessor = dict(max_shift=4)
dataset = dict(
    _delete_=True,
    type='mmchanpos.ArrayDataset',
    images='data/cifar10_subset.npz',
    split='train',
    pipeline=[dict(type='PackInputs')],
)
test = dict(dataset, split='test', indices=2000, test_mode=True)
train_dataloader = dict(dataset=dict(dataset, indices=10000))
val_dataloader = dict(dataset=test)
test_dataloader = dict(dataset=test)
train_cfg = dict(max_epochs=6)
test_cfg = dict(tests=['cifar-zero8', 'cifar-circular8'])
