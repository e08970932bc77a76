# Test without the 100 channels that change most when images are mirrored. No
# base may set default_hooks beside the host's, so a child takes this over:
# default_hooks = dict(channel_zeroing=_base_.channel_zeroing)
channel_zeroing = dict(
    type='mmchanpos.ChannelZeroingHook',
    # by tools/rank_channels.py; it knows where it was tapped
    ranking='work_dirs/rank/ranking.json',
    kind='overall',
    top=100,
)
