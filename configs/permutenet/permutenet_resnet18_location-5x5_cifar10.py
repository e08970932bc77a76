# PermuteNet: location on a 5x5 grid, channels shuffled after pooling.
_base_ = [
    '../gapnet/gapnet_resnet18_location-5x5_cifar10.py',
    '_base_/permute.py',
]

model = _base_.permuted
test_cfg = _base_.redrawn
