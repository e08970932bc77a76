# Fig. 4: top N and windows of 100 ranks, beside random channels. A child says
# test_cfg = dict(_base_.sweep, _delete_=True).
sweep = dict(
    type='mmchanpos.SweepLoop',
    rankings='work_dirs/rank/ranking.json',
    tops=[50, 100, 200, 300, 400, 500],
    windows=[(i, i + 100) for i in range(0, 1000, 100)],
)
