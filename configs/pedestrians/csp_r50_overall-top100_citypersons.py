# The attack of Table S1 with the standard test; the ranking comes from
# python tools/rank_channels.py configs/pedestrians/csp_r50_citypersons.py CKPT
_base_ = ['csp_r50_citypersons.py', '../_base_/attack/overall-top100.py']

default_hooks = dict(
    channel_zeroing=dict(
        _base_.channel_zeroing,
        ranking='work_dirs/csp_r50_citypersons/rank/ranking.json',
    )
)
