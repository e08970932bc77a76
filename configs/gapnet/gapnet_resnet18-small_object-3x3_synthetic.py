# GAPNet tells which of three figures is drawn, on built-in data.
_base_ = './gapnet_resnet18-small_location-3x3_synthetic.py'

classes = ('disc', 'cross', 'bars')
place = dict(_base_.place, task='object')
train_pipeline = [
    dict(type='mmchanpos.RandomFlip'),
    place,
    dict(type='mmpretrain.PackInputs'),
]
test_pipeline = [
    dict(place, where='seeded'),
    dict(type='mmpretrain.PackInputs'),
]
train_dataloader = dict(dataset=dict(classes=classes, pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(classes=classes, pipeline=test_pipeline))
test_dataloader = val_dataloader
model = dict(head=dict(num_classes=3))
