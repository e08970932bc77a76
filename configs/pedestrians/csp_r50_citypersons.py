# CSP with ResNet-50: a latent of 3 x 256 channels at stride 4.
_base_ = ['_base_/csp.py', '_base_/citypersons.py']
crop = dict(type='mmchanpos.CSPScaleCrop', size=(640, 1280))
# 4 images on each of 8 GPUs
auto_scale_lr = dict(base_batch_size=32)
train_dataloader = dict(
    batch_size=4, dataset=dict(pipeline=[*_base_.augment, crop, *_base_.pack])
)
max_epochs = 240
train_cfg = dict(
    type='EpochBasedTrainLoop', max_epochs=max_epochs, val_interval=5
)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=2e-4))
param_scheduler = [
    dict(type='ConstantLR', factor=1 / 3, end=500, by_epoch=False),
    dict(type='MultiStepLR', milestones=[110, 160], by_epoch=True),
]
