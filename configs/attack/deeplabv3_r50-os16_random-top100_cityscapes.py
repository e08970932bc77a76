_base_ = 'deeplabv3_r50-os16_cityscapes.py'

custom_hooks = [
    dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='backbone',
        kind='random',
        top=100,
        seed=0,
    )
]
