# PermuteNet on built-in data, small enough for a minute on two cores.
_base_ = [
    '../gapnet/gapnet_resnet18-small_location-3x3_synthetic.py',
    '_base_/permute.py',
]

model = _base_.permuted
test_cfg = _base_.redrawn

# it learns more slowly than GAPNet
train_cfg = dict(max_epochs=6)
param_scheduler = dict(T_max=6)
