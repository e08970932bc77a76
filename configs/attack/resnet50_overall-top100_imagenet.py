# "Robustness of object recognition networks" (4.2): a stock classifier.
_base_ = 'mmpretrain::resnet/resnet50_8xb32_in1k.py'

custom_hooks = [
    dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='backbone',
        ranking='work_dirs/resnet50_imagenet/rank/ranking.json',
        kind='overall',
        top=100,
    )
]
