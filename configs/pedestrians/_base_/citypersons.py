# CityPersons: images of Cityscapes, the authors' annotations, miss rates.
# Weights are averaged as in Pedestron, whose tests use the averaged ones.
_base_ = '../../_base_/default_runtime.py'

default_scope = 'mmdet'
data_root = 'data/cityscapes/'
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(2048, 1024), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
            # The metric takes the ground truth from here.
            'instances',
        ),
    ),
]

# A leaf says the batch size and the pipeline.
train_dataloader = dict(
    num_workers=4,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmchanpos.CityPersonsDataset',
        data_root=data_root,
        ann_file='annotations/anno_train.mat',
        data_prefix=dict(img='leftImg8bit/train'),
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmchanpos.CityPersonsDataset',
        data_root=data_root,
        ann_file='annotations/anno_val.mat',
        data_prefix=dict(img='leftImg8bit/val'),
        test_mode=True,
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader
val_evaluator = dict(type='mmchanpos.CityPersonsMissRate')
test_evaluator = val_evaluator
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='EMAHook', momentum=0.001, update_buffers=True)]
default_hooks = dict(
    checkpoint=dict(save_best='citypersons/MR_Reasonable', rule='less'),
    visualization=dict(type='DetVisualizationHook'),
)
visualizer = dict(
    type='DetLocalVisualizer',
    vis_backends=[dict(type='LocalVisBackend')],
    name='visualizer',
)
