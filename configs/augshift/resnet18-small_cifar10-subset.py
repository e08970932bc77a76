_base_ = 'resnet18-small_baseline_cifar10-subset.py'

model = dict(
    type='mmchanpos.AugShiftClassifier',
    augshift=dict(type='mmchanpos.AugShiftLoss', loss_weight=1.0, warm_up=600),
)
data_preprocessor = dict(num_views=2, max_shift=8)
