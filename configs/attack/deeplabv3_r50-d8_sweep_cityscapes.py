_base_ = ['deeplabv3_r50-d8_cityscapes.py', '../_base_/attack/sweep.py']

test_cfg = dict(
    _base_.sweep,
    _delete_=True,
    rankings='work_dirs/deeplabv3_r50-d8_cityscapes/rank/ranking.json',
)
