# PermuteNet tells which of three figures is drawn, on built-in data.
_base_ = '../gapnet/gapnet_resnet18-small_object-3x3_synthetic.py'

model = dict(
    neck=[
        dict(type='mmpretrain.GlobalAveragePooling'),
        dict(type='mmchanpos.PermuteChannel', mode='per_forward'),
    ],
    # on pooled features a 1x1 convolution is the linear layer
    head=dict(kernel_size=1),
)
# mean and spread over five draws of the permutations
test_cfg = dict(type='mmchanpos.RedrawLoop', redraws=5)

# it learns more slowly than GAPNet
train_cfg = dict(max_epochs=6)
param_scheduler = dict(T_max=6)
