# PermuteNet on images in one .npz, see the GAPNet config of the same name.
_base_ = ['../gapnet/gapnet_resnet18_location-3x3_npz.py', '_base_/permute.py']

model = _base_.permuted
test_cfg = _base_.redrawn
