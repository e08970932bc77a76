# A GAPNet read-out of the last stage of a small frozen net, on built-in data.
# First train the net: encoder_resnet18-small_synthetic.py.
_base_ = '../gapnet/gapnet_resnet18-small_location-3x3_synthetic.py'

train_dataloader = dict(dataset=dict(num=3000, size=32))
val_dataloader = dict(dataset=dict(num=1000, size=32))
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
    head=dict(in_channels=128, kernel_size=1),
)
train_cfg = dict(max_epochs=20)
param_scheduler = None
