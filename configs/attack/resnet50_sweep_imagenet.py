_base_ = 'mmpretrain::resnet/resnet50_8xb32_in1k.py'

test_cfg = dict(
    _delete_=True,
    type='mmchanpos.SweepLoop',
    rankings='work_dirs/resnet50_imagenet/rank/ranking.json',
    tops=[50, 100, 200, 300, 400, 500],
)
