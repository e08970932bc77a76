# "Robustness of object recognition networks" (4.2): a stock classifier.
_base_ = [
    'mmpretrain::resnet/resnet50_8xb32_in1k.py',
    '../_base_/attack/overall-top100.py',
]

default_hooks = dict(
    channel_zeroing=dict(
        _base_.channel_zeroing,
        ranking='work_dirs/resnet50_imagenet/rank/ranking.json',
    )
)
