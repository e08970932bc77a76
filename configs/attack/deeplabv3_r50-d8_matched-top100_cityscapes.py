# Random channels that are as strongly active as the overall top 100.
_base_ = 'deeplabv3_r50-d8_cityscapes.py'

custom_hooks = [
    dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='backbone',
        ranking='work_dirs/deeplabv3_r50-d8_cityscapes/rank/ranking.json',
        kind='matched',
        top=100,
        seed=0,
    )
]
