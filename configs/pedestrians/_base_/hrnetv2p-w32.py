# HRNetV2-W32 and its pyramid, to be set into models in place of a ResNet and
# FPN: hence _delete_.
hrnetv2_w32 = dict(
    _delete_=True,
    type='HRNet',
    extra=dict(
        stage1=dict(
            num_modules=1,
            num_branches=1,
            block='BOTTLENECK',
            num_blocks=(4,),
            num_channels=(64,),
        ),
        stage2=dict(
            num_modules=1,
            num_branches=2,
            block='BASIC',
            num_blocks=(4, 4),
            num_channels=(32, 64),
        ),
        stage3=dict(
            num_modules=4,
            num_branches=3,
            block='BASIC',
            num_blocks=(4, 4, 4),
            num_channels=(32, 64, 128),
        ),
        stage4=dict(
            num_modules=3,
            num_branches=4,
            block='BASIC',
            num_blocks=(4, 4, 4, 4),
            num_channels=(32, 64, 128, 256),
        ),
    ),
    init_cfg=dict(
        type='Pretrained', checkpoint='open-mmlab://msra/hrnetv2_w32'
    ),
)
hrfpn = dict(
    _delete_=True,
    type='HRFPN',
    in_channels=[32, 64, 128, 256],
    out_channels=256,
)
