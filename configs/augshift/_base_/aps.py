antialiased = dict(type='mmchanpos.AntialiasedBackbone', pool='APS', filt=3)
