# A GAPNet read-out of the last stage of a small frozen net, on built-in data.
# First train the net: encoder_resnet18-small_synthetic.py.
_base_ = './encoder_resnet18-small_synthetic.py'

place = dict(_base_.place, grid=3, task='location')
auto_scale_lr = dict(base_batch_size=48)
train_dataloader = dict(
    batch_size=48,
    dataset=dict(num=2000, pipeline=[_base_.flip, place, _base_.pack]),
)
val_dataloader = dict(
    dataset=dict(num=1000, pipeline=[dict(place, where='seeded'), _base_.pack])
)
test_dataloader = val_dataloader

model = dict(
    # the head alone learns
    freeze=True,
    backbone=dict(
        # 0 to 3; the head's in_channels are 16, 32, 64 and 128
        out_indices=(3,),
        init_cfg=dict(
            type='Pretrained',
            checkpoint='work_dirs/encoder_resnet18-small_synthetic/epoch_4.pth',
            prefix='backbone',
        ),
    ),
    head=dict(num_classes=9, kernel_size=1),
)
# the authors' schedule for location
optim_wrapper = dict(optimizer=dict(lr=0.001))
train_cfg = dict(max_epochs=20)
param_scheduler = None
