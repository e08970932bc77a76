# GAPNet tells in which of 3x3 cells a CIFAR-10 image lies (Table 1).
_base_ = [
    '../_base_/models/gapnet_resnet18.py',
    '../_base_/datasets/cifar10_grid.py',
    '../_base_/schedules/gapnet_location.py',
    '../_base_/default_runtime.py',
]
default_scope = 'mmpretrain'
custom_hooks = [dict(type='mmchanpos.GridCheckHook')]
# The last weights are what Table 1 is read from; the best are kept beside.
default_hooks = dict(checkpoint=dict(save_best='accuracy/top1'))
