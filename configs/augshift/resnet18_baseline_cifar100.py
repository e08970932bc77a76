_base_ = '_base_/cifar100.py'
