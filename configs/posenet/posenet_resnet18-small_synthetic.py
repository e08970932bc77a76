# The stem and the four stages of a small ResNet, trained on built-in images
# by posenet-encoder_resnet18-small_synthetic.py.
_base_ = '_base_/synthetic.py'

model = dict(
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone=dict(
            type='mmpretrain.ResNet',
            depth=18,
            stem_channels=16,
            base_channels=16,
        ),
        taps=['relu', 'layer1', 'layer2', 'layer3', 'layer4'],
        checkpoint='work_dirs/posenet-encoder_resnet18-small_synthetic/'
        'epoch_6.pth',
    )
)
