# GAPNet: the head's convolution, pooled, gives the logits.
model = dict(
    type='mmchanpos.GridClassifier',
    # zero, reflect, replicate, circular, partial or none
    padding='zero',
    backbone=dict(type='mmchanpos.GridResNet', depth=18),
    head=dict(type='mmchanpos.GAPHead', num_classes=9, in_channels=512),
)
