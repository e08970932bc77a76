# BlurPool-k2, as published for ImageNet and named in the supplement (S2). To
# be set around the plain backbone of a leaf: hence _delete_.
antialiased = dict(
    _delete_=True,
    type='mmchanpos.AntialiasedBackbone',
    pool='BlurPool',
    filt=2,
)
