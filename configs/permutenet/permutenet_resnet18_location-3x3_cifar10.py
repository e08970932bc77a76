# PermuteNet: location on a 3x3 grid, channels shuffled after pooling.
_base_ = [
    '../gapnet/gapnet_resnet18_location-3x3_cifar10.py',
    '_base_/permute.py',
]

model = _base_.permuted
test_cfg = _base_.redrawn
