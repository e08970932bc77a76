_base_ = 'resnet18_baseline_cifar10.py'

model = dict(
    type='mmchanpos.AugShiftClassifier',
    augshift=dict(type='mmchanpos.AugShiftLoss', loss_weight=1.0),
)
data_preprocessor = dict(num_views=2, max_shift=8)
