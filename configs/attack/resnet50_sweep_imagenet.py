_base_ = [
    'mmpretrain::resnet/resnet50_8xb32_in1k.py',
    '../_base_/attack/sweep.py',
]

test_cfg = dict(
    _base_.sweep,
    _delete_=True,
    rankings='work_dirs/resnet50_imagenet/rank/ranking.json',
)
