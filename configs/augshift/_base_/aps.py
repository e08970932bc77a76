# To be set around the plain backbone of a leaf: hence _delete_.
antialiased = dict(
    _delete_=True, type='mmchanpos.AntialiasedBackbone', pool='APS', filt=3
)
