# The encoder of a small segmentor of built-in streets (Table 6), trained by
# fcn_plain_synthetic.py.
_base_ = '_base_/synthetic.py'

model = dict(
    encoder=dict(
        type='mmchanpos.FrozenEncoder',
        backbone='mmchanpos::attack/fcn_plain_synthetic.py',
        checkpoint='work_dirs/fcn_plain_synthetic/iter_340.pth',
    ),
    readouts=dict(map=['H', 'G', 'HS']),
)
