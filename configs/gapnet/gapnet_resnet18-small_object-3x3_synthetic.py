# GAPNet tells which of three figures is drawn, on built-in data.
_base_ = './gapnet_resnet18-small_location-3x3_synthetic.py'

classes = ('disc', 'cross', 'bars')
place = dict(_base_.place, task='object')
train_dataloader = dict(
    dataset=dict(classes=classes, pipeline=[_base_.flip, place, _base_.pack])
)
val_dataloader = dict(
    dataset=dict(
        classes=classes, pipeline=[dict(place, where='seeded'), _base_.pack]
    )
)
test_dataloader = val_dataloader
model = dict(head=dict(num_classes=3))
