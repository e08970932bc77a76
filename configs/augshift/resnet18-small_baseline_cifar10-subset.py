_base_ = '_base_/cifar10-subset.py'
