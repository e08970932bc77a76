# Fig. 6, S3, S4: left and right channels, measured in each half.
_base_ = 'deeplabv3_r50-d8_cityscapes.py'

test_cfg = dict(
    _delete_=True,
    type='mmchanpos.SweepLoop',
    rankings='work_dirs/deeplabv3_r50-d8_sides_cityscapes/rank/ranking.json',
    kinds=['left', 'right', 'contrast', 'contrast_right'],
    tops=[10, 20, 50, 100, 200],
)
