_base_ = ['deeplabv3_r50-d8_cityscapes.py', '../_base_/attack/sides-sweep.py']

test_cfg = dict(
    _base_.sweep,
    _delete_=True,
    rankings='work_dirs/deeplabv3_r50-d8_sides_cityscapes/rank/ranking.json',
)
