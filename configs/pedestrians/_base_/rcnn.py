# What both R-CNNs of Pedestron share in training; a leaf puts its own resizing
# between `augment` and `pack`.
augment = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='PhotoMetricDistortion', brightness_delta=180),
    dict(
        type='MinIoURandomCrop',
        min_ious=(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        min_crop_size=0.1,
    ),
]
pack = [dict(type='RandomFlip', prob=0.5), dict(type='PackDetInputs')]

# The learning rate of 0.02 is that of mmdetection for 16 images per step.
auto_scale_lr = dict(base_batch_size=16)
max_epochs = 20
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=1
)
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.02, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=35),
)
warm_up = dict(type='LinearLR', start_factor=1 / 3, end=500, by_epoch=False)
