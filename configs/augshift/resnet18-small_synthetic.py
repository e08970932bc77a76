_base_ = 'resnet18-small_baseline_synthetic.py'

model = dict(
    type='mmchanpos.AugShiftClassifier',
    augshift=dict(type='mmchanpos.AugShiftLoss', loss_weight=1.0, warm_up=240),
)
data_preprocessor = dict(num_views=2, max_shift=4)
