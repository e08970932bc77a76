# VGG16 from scratch as a segmentor of PASCAL VOC 2012, to be trained with and
# without padding (Table 5). The paper names neither its head nor its schedule:
# here 1x1 convolutions, which have no border, and the host's 40,000 steps.
_base_ = [
    '../_base_/models/segmentor.py',
    'mmseg::_base_/datasets/pascal_voc12.py',
    'mmseg::_base_/default_runtime.py',
    'mmseg::_base_/schedules/schedule_40k.py',
]

norm_cfg = dict(type='BN', requires_grad=True)
model = dict(
    data_preprocessor=dict(size=(512, 512)),
    backbone=dict(
        type='mmchanpos.PaddedBackbone',
        padding='zero',
        backbone=dict(type='mmpretrain.VGG', depth=16, norm_cfg=norm_cfg),
    ),
    decode_head=dict(
        type='FCNHead',
        in_channels=512,
        in_index=0,
        channels=256,
        num_convs=1,
        kernel_size=1,
        concat_input=False,
        num_classes=21,
        norm_cfg=norm_cfg,
    ),
)

# 4 images on each of 4 GPUs
auto_scale_lr = dict(base_batch_size=16)
