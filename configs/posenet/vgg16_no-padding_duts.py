# The same weights without any padding (Table 4).
_base_ = './vgg16_duts.py'

model = dict(encoder=dict(padding='none'), readouts=dict(map=['H', 'G', 'HS']))
