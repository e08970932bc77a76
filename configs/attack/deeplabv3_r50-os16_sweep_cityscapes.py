# Fig. 4: top N and windows of 100 ranks, beside random channels.
_base_ = 'deeplabv3_r50-os16_cityscapes.py'

test_cfg = dict(
    _delete_=True,
    type='mmchanpos.SweepLoop',
    rankings='work_dirs/deeplabv3_r50-os16_cityscapes/rank/ranking.json',
    tops=[50, 100, 200, 300, 400, 500],
    windows=[(i, i + 100) for i in range(0, 1000, 100)],
)
