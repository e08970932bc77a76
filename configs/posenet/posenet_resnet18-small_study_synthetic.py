# A small ResNet on built-in images: its stages; kernels and layers of the
# read-out. Deep ones read one stage: inner layers are as wide as their input.
_base_ = './posenet_resnet18-small_synthetic.py'

model = dict(
    readouts=[
        dict(map=['H', 'V', 'G', 'HS', 'VS']),
        dict(map=['H', 'G', 'HS'], stages=[1, 2, 3, 4, 5]),
        dict(map=['H', 'G', 'HS'], kernel=[1, 7]),
        dict(map=['H', 'G', 'HS'], stages=3, layers=[2, 3]),
    ]
)
