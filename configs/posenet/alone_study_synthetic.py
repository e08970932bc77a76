# PosENet alone on built-in images: zeros around the input, kernels, layers.
_base_ = './alone_synthetic.py'

model = dict(
    readouts=[
        dict(map=['H', 'V', 'G', 'HS', 'VS']),
        dict(map=['H', 'G', 'HS'], padding=[1, 2]),
        dict(map=['H', 'G', 'HS'], kernel=[1, 7]),
        dict(map=['H', 'G', 'HS'], layers=[2, 3]),
    ]
)
