# BlurPool-k2, as published for ImageNet and named in the supplement (S2).
antialiased = dict(
    type='mmchanpos.AntialiasedBackbone', pool='BlurPool', filt=2
)
