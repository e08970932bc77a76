# The attack of Table S1 with the standard test, on every level of the pyramid;
# the ranking comes from tools/rank_channels.py with the config below.
_base_ = [
    'cascade-rcnn_hrnetv2p-w32_citypersons.py',
    '../_base_/attack/overall-top100.py',
]

default_hooks = dict(
    channel_zeroing=dict(
        _base_.channel_zeroing,
        ranking='work_dirs/cascade-rcnn_hrnetv2p-w32_citypersons/rank/'
        'ranking.json',
        per_level=True,
    )
)
