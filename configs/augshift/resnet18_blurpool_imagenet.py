_base_ = 'resnet18_baseline_imagenet.py'

model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        pool='BlurPool',
        filt=2,
        max_pool=2,
        backbone=dict(type='mmpretrain.ResNet', depth=18),
    )
)
