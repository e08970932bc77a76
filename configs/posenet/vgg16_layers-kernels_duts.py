# More layers and other kernels of the read-out (Table 2, Fig. 5).
_base_ = './vgg16_duts.py'

model = dict(
    readouts=[
        dict(map=['H', 'G', 'HS'], layers=[1, 2, 3], seed=0),
        dict(map=['H', 'G', 'HS'], kernel=[1, 7], seed=0),
    ]
)
