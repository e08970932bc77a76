_base_ = 'deeplabv3_r50-os16_cityscapes.py'

custom_hooks = [
    dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='backbone',
        ranking='work_dirs/deeplabv3_r50-os16_sides_cityscapes/rank/ranking.json',
        kind='left',
        top=100,
    )
]
