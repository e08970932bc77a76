# AugShift in half precision and channels_last, a fifth of the epochs.
_base_ = 'resnet18_cifar10.py'

data_preprocessor = dict(channels_last=True)
auto_scale_lr = dict(base_batch_size=512)
train_dataloader = dict(batch_size=512, persistent_workers=True)
optim_wrapper = dict(
    type='AmpOptimWrapper', loss_scale='dynamic', optimizer=dict(lr=0.4)
)
# As many images of warm-up as the slow recipe has.
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=500, by_epoch=False),
    _base_.param_scheduler[1],
]
train_cfg = dict(max_epochs=40)
test_cfg = dict(fp16=True)
