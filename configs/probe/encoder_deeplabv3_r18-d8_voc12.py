# The second frozen net of Fig. S1: a ResNet-18 that segments PASCAL VOC 2012.
_base_ = [
    'mmseg::_base_/models/deeplabv3_r50-d8.py',
    'mmseg::_base_/datasets/pascal_voc12.py',
    'mmseg::_base_/default_runtime.py',
    'mmseg::_base_/schedules/schedule_40k.py',
]

model = dict(
    pretrained='open-mmlab://resnet18_v1c',
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(depth=18),
    decode_head=dict(in_channels=512, channels=128, num_classes=21),
    auxiliary_head=dict(in_channels=256, channels=64, num_classes=21),
)

# 4 images on each of 4 GPUs
auto_scale_lr = dict(base_batch_size=16)
