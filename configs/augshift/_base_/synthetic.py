# A small ResNet-18 on built-in data, a minute on two cores. Objects are in
# the middle, where photographers put them; they are few and noisy, thus hard.
_base_ = [
    '../../_base_/models/resnet-small.py',
    '../../_base_/default_runtime.py',
]

default_scope = 'mmpretrain'
model = dict(
    backbone=dict(
        stem_channels=8,
        base_channels=8,
        num_stages=4,
        strides=(2, 2, 2, 2),
        dilations=(1, 1, 1, 1),
        out_indices=(3,),
        # Few epochs: let every block take part from the start.
        zero_init_residual=False,
    )
)
data_preprocessor = dict(
    type='mmchanpos.ShiftViewsPreprocessor',
    num_views=1,
    max_shift=2,
    num_classes=10,
    mean=[125.307, 122.961, 113.8575],
    std=[51.5865, 50.847, 51.255],
)
drawn = dict(
    type='mmchanpos.SyntheticObjects',
    spread=0.0,
    noise=0.5,
    pipeline=[dict(type='PackInputs')],
)
auto_scale_lr = dict(base_batch_size=50)
train_dataloader = dict(
    batch_size=50,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(drawn, num=1000),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=0,
    collate_fn=dict(type='default_collate'),
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(drawn, num=1500, split='test', test_mode=True),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator
optim_wrapper = dict(
    optimizer=dict(
        type='SGD', lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
)
# The cosine spans whatever number of epochs is set below.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=40, by_epoch=False),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
]
train_cfg = dict(by_epoch=True, max_epochs=24, val_interval=100)
val_cfg = dict()
test_cfg = dict(
    type='mmchanpos.ShiftConsistencyLoop',
    tests=['cifar-zero4', 'cifar-circular4'],
)
