# CityPersons drawn by ourselves: 600 and 150 streets of 256x512, so that the
# published setups hold. To draw them:
# python tools/misc/make_synthetic.py --out data/people --size 256x512
_base_ = 'citypersons.py'

data_root = 'data/people/streets/'
test_pipeline = [
    _base_.test_pipeline[0],
    dict(type='Resize', scale_factor=1.0),
    _base_.test_pipeline[2],
]
auto_scale_lr = dict(base_batch_size=8)
train_dataloader = dict(
    batch_size=8, num_workers=1, dataset=dict(data_root=data_root)
)
val_dataloader = dict(
    batch_size=5,
    num_workers=1,
    dataset=dict(data_root=data_root, pipeline=test_pipeline),
)
test_dataloader = val_dataloader

# After eight of them both detectors miss twice as many people.
max_epochs = 12
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=max_epochs
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.01),
    clip_grad=dict(max_norm=10),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, end=50, by_epoch=False),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
]
# So few steps need a shorter memory than 1000 of them.
custom_hooks = [dict(type='EMAHook', momentum=0.02, update_buffers=True)]
