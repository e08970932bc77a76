# GAPNet tells what a CIFAR-10 image on a 3x3 grid shows (Table 1).
_base_ = './gapnet_resnet18_location-3x3_cifar10.py'

place = dict(_base_.place, task='object')
train_dataloader = dict(
    dataset=dict(pipeline=[_base_.flip, place, _base_.pack])
)
val_dataloader = dict(
    dataset=dict(pipeline=[dict(place, where='seeded'), _base_.pack])
)
test_dataloader = val_dataloader
model = dict(head=dict(num_classes=10))
# As the paper says; its optimiser for objects is not stated.
optim_wrapper = dict(optimizer=dict(lr=0.01))
train_cfg = dict(max_epochs=100)
