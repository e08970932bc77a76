# The authors' schedule for location: Adam, no decay of any kind.
optim_wrapper = dict(optimizer=dict(type='Adam', lr=0.001, betas=(0.5, 0.999)))
auto_scale_lr = dict(base_batch_size=48)
train_cfg = dict(by_epoch=True, max_epochs=20, val_interval=1)
val_cfg = dict()
test_cfg = dict()
