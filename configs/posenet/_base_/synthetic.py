# Built-in images, small enough for two cores: objects anywhere, so that
# content says nothing about position.
_base_ = './duts.py'

model = dict(
    image_size=64, data_preprocessor=dict(mean=[127.5] * 3, std=[64] * 3)
)
pipeline = [dict(type='PackInputs', meta_keys=('source', 'sample_idx'))]
train_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='mmchanpos.DrawnImages',
        content='objects',
        num=640,
        size=64,
        pipeline=pipeline,
    ),
)
test_dataloader = dict(
    num_workers=0,
    dataset=dict(
        datasets=[
            dict(
                type='mmchanpos.DrawnImages',
                content='objects',
                num=32,
                size=64,
                seed=1,
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='black',
                size=64,
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='white',
                size=64,
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='gaussian',
                num=8,
                size=64,
                pipeline=pipeline,
            ),
            dict(
                type='mmchanpos.DrawnImages',
                content='uniform',
                num=8,
                size=64,
                pipeline=pipeline,
            ),
        ]
    ),
)
