# A GAPNet read-out of a frozen small net, on built-in data. The net is the one
# that configs/gapnet/gapnet_resnet18-small_object-3x3_synthetic.py trains.
_base_ = '../gapnet/gapnet_resnet18-small_location-3x3_synthetic.py'

model = dict(
    # the head alone learns
    freeze=True,
    # out_indices 0 to 3; the head's in_channels are 16, 32, 64 and 128
    backbone=dict(out_indices=(3,)),
    head=dict(in_channels=128, kernel_size=1),
)
