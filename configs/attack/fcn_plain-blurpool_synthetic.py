# The same behind low-passes: its strided convolutions run densely and are
# sampled after a blur, so a shift of less than the stride changes less.
_base_ = 'fcn_plain_synthetic.py'
model = dict(
    backbone=dict(
        _delete_=True,
        type='mmchanpos.AntialiasedBackbone',
        stem=True,
        backbone=dict(type='mmchanpos.PlainNet'),
    )
)
