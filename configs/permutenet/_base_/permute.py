# What makes a GAPNet a PermuteNet.
permuted = dict(
    neck=[
        dict(type='mmpretrain.GlobalAveragePooling'),
        dict(type='mmchanpos.PermuteChannel', mode='per_forward'),
    ],
    # on pooled features a 1x1 convolution is the linear layer
    head=dict(kernel_size=1),
)
# mean and spread over five draws of the permutations
redrawn = dict(type='mmchanpos.RedrawLoop', redraws=5)
