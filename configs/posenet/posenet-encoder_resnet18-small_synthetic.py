# A zero-padded classifier of built-in images; its backbone is then probed.
_base_ = '../_base_/default_runtime.py'

default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(type='ResNet', depth=18, stem_channels=16, base_channels=16),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead', num_classes=10, in_channels=128, topk=(1,)
    ),
)
data_preprocessor = dict(
    num_classes=10, mean=[127.5] * 3, std=[64] * 3, to_rgb=False
)
pipeline = [dict(type='PackInputs')]
auto_scale_lr = dict(base_batch_size=64)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmchanpos.SyntheticObjects', num=2000, size=64, pipeline=pipeline
    ),
)
test_dataloader = dict(
    batch_size=64,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmchanpos.SyntheticObjects',
        num=500,
        size=64,
        split='test',
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_evaluator = dict(type='Accuracy')
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4)
)
param_scheduler = dict(
    type='CosineAnnealingLR', T_max=6, convert_to_iter_based=True
)
train_cfg = dict(by_epoch=True, max_epochs=6)
test_cfg = dict()
