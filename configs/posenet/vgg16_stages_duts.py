# Each stage of VGG16 by itself, and all of them (Table 3).
_base_ = './vgg16_duts.py'

model = dict(readouts=dict(map=['H', 'G'], stages=[1, 2, 3, 4, 5, 'all']))
