# The paper's protocol: trained on DUT-S, tested on PASCAL-S and on images
# without content, at 224x224 and scaled to [0, 1] only.
_base_ = '../../_base_/default_runtime.py'

default_scope = 'mmpretrain'
model = dict(
    type='mmchanpos.PosENet',
    readouts=dict(map=['H', 'V', 'G', 'HS', 'VS'], kernel=3, seed=0),
    data_preprocessor=dict(
        type='mmengine.ImgDataPreprocessor', mean=[0] * 3, std=[255] * 3
    ),
)
pipeline = [
    dict(type='Resize', scale=(224, 224), backend='pillow'),
    dict(type='PackInputs', meta_keys=('source', 'img_path', 'sample_idx')),
]
auto_scale_lr = dict(base_batch_size=32)
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmchanpos.ImageFolder',
        data_root='data/duts/DUTS-TR/DUTS-TR-Image',
        pipeline=pipeline,
    ),
)
test_dataloader = dict(
    batch_size=32,
    num_workers=4,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ConcatDataset',
        datasets=[
            dict(
                type='mmchanpos.ImageFolder',
                data_root='data/pascal-s/images',
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='black',
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='white',
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='gaussian',
                num=10,
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='uniform',
                num=10,
                pipeline=pipeline,
            ),
        ],
    ),
)
test_evaluator = dict(type='mmchanpos.PositionMapMetric')
optim_wrapper = dict(
    optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4)
)
param_scheduler = dict(type='MultiStepLR', milestones=[10], gamma=0.1)
train_cfg = dict(by_epoch=True, max_epochs=15)
test_cfg = dict()
