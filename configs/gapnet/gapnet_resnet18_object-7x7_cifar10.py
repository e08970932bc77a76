# GAPNet tells what a CIFAR-10 image on a 7x7 grid shows (Table 1).
_base_ = './gapnet_resnet18_object-3x3_cifar10.py'

place = dict(_base_.place, grid=7, task='object')
train_dataloader = dict(
    dataset=dict(pipeline=[_base_.flip, place, _base_.pack])
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(place, where='seeded'), _base_.pack])
)
test_dataloader = val_dataloader
