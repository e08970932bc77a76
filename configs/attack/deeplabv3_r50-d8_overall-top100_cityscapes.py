_base_ = [
    'deeplabv3_r50-d8_cityscapes.py',
    '../_base_/attack/overall-top100.py',
]

default_hooks = dict(
    channel_zeroing=dict(
        _base_.channel_zeroing,
        ranking='work_dirs/deeplabv3_r50-d8_cityscapes/rank/ranking.json',
    )
)
