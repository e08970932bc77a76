# Built-in objects of ten classes, 32 x 32 pixels.
data_preprocessor = dict(
    num_classes=10, mean=[127.0] * 3, std=[60.0] * 3, to_rgb=False
)

pipeline = [dict(type='PackInputs')]
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmchanpos.SyntheticObjects',
        num=5000,
        split='train',
        pipeline=pipeline,
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmchanpos.SyntheticObjects',
        num=1000,
        split='val',
        test_mode=True,
        pipeline=pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator
