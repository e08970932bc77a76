# Eq. 2 on all images of the validation set; also Kernel-Flip* and **.
_base_ = '../attack/deeplabv3_r50-os16_cityscapes.py'

test_cfg = dict(
    _delete_=True,
    type='mmchanpos.RankingLoop',
    taps=['backbone'],
    kernel_flip=True,
    shift=(0, 32),
)
