# PosENet alone with more layers and other kernels (Table 2).
_base_ = '_base_/duts.py'

model = dict(
    readouts=[
        dict(map=['H', 'G', 'HS'], layers=[1, 2, 3], seed=0),
        dict(map=['H', 'G', 'HS'], kernel=[1, 7], seed=0),
    ]
)
