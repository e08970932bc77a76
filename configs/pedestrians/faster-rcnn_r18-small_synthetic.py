# A small Faster R-CNN on built-in streets, minutes on two cores.
_base_ = ['_base_/faster-rcnn_r18-small.py', '_base_/synthetic.py']
train_dataloader = dict(
    dataset=dict(
        min_height=20,
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True),
            dict(type='RandomFlip', prob=0.5),
            dict(
                type='RandomCrop',
                crop_size=(128, 256),
                allow_negative_crop=True,
            ),
            dict(type='PackDetInputs'),
        ],
    )
)
