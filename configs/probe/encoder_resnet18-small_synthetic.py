# The net that the small probe reads: it names drawn objects, without a grid.
_base_ = '../gapnet/gapnet_resnet18-small_location-3x3_synthetic.py'

place = dict(_base_.place, grid=1, task='object')
train_dataloader = dict(
    dataset=dict(num=6000, size=32, pipeline=[_base_.flip, place, _base_.pack])
)
val_dataloader = dict(dataset=dict(size=32, pipeline=[place, _base_.pack]))
test_dataloader = val_dataloader
model = dict(
    backbone=dict(
        stem_channels=16,
        base_channels=16,
        num_stages=4,
        strides=(1, 2, 2, 2),
        dilations=(1, 1, 1, 1),
        out_indices=(3,),
    ),
    head=dict(in_channels=128, num_classes=10),
)
optim_wrapper = dict(optimizer=dict(lr=0.002))
train_cfg = dict(max_epochs=4)
param_scheduler = dict(T_max=4)
