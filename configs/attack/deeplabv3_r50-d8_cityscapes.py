# The stock model of mmsegmentation, nothing switched off, by region.
_base_ = 'mmseg::deeplabv3/deeplabv3_r50-d8_4xb2-80k_cityscapes-512x1024.py'

# 2 images on each of 4 GPUs
auto_scale_lr = dict(base_batch_size=8)
test_evaluator = dict(type='mmchanpos.RegionIoUMetric')
