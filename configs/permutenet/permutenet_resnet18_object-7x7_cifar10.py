# PermuteNet: objects on a 7x7 grid, channels shuffled after pooling.
_base_ = [
    '../gapnet/gapnet_resnet18_object-7x7_cifar10.py',
    '_base_/permute.py',
]

model = _base_.permuted
test_cfg = _base_.redrawn
