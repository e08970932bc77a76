# A chain of eight convolutions on built-in streets; the latent has 128
# channels. The two classes of cars look the same and differ by side alone, so
# a third of the mean IoU hangs on position. People, poles and trees are too
# small for 64 x 128 pixels and do not count. To draw the streets:
# python tools/misc/make_synthetic.py --out data/traffic --cars 3-6
_base_ = [
    '../_base_/models/fcn_r18-small.py',
    '../_base_/datasets/synthetic_segmentation.py',
    '../_base_/default_runtime.py',
]

default_scope = 'mmseg'
model = dict(
    backbone=dict(_delete_=True, type='mmchanpos.PlainNet'),
    decode_head=dict(in_index=0, num_classes=6),
)
classes = ('road', 'sidewalk', 'building', 'sky', 'car', 'truck')
streets = dict(
    data_root='data/traffic/streets', metainfo=dict(classes=classes)
)
train_dataloader = dict(dataset=streets)
val_dataloader = dict(dataset=streets)
test_dataloader = val_dataloader

auto_scale_lr = dict(base_batch_size=16)
max_iters = 340
train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=max_iters
)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=3e-3, weight_decay=0.01),
)
param_scheduler = [
    dict(
        type='OneCycleLR', eta_max=3e-3, total_steps=max_iters, by_epoch=False
    )
]
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=-1))
log_processor = dict(by_epoch=False)
