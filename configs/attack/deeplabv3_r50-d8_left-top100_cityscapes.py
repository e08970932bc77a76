_base_ = 'deeplabv3_r50-d8_cityscapes.py'

custom_hooks = [
    dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='backbone',
        ranking='work_dirs/deeplabv3_r50-d8_sides_cityscapes/rank/ranking.json',
        kind='left',
        top=100,
    )
]
