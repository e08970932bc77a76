# The attack of Table S1 with the standard test, on every level of the pyramid;
# the ranking comes from tools/rank_channels.py with the config below.
_base_ = 'faster-rcnn_hrnetv2p-w32_citypersons.py'
default_hooks = dict(
    channel_zeroing=dict(
        type='mmchanpos.ChannelZeroingHook',
        tap='neck',
        ranking='work_dirs/faster-rcnn_hrnetv2p-w32_citypersons/rank/'
        'ranking.json',
        kind='overall',
        top=100,
        per_level=True,
    )
)
