# GAPNet tells in which of 7x7 cells a CIFAR-10 image lies (Table 1).
_base_ = './gapnet_resnet18_location-3x3_cifar10.py'

place = dict(
    _base_.place,
    grid=7,
)
train_pipeline = [
    dict(type='mmchanpos.RandomFlip'),
    place,
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(place, where='seeded'),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
model = dict(head=dict(num_classes=49))
