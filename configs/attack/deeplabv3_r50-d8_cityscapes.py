# The stock model of mmsegmentation, nothing switched off, by region.
_base_ = 'mmseg::deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'

test_evaluator = dict(type='mmchanpos.RegionIoUMetric')
