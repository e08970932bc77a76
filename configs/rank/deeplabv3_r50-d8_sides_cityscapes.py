# Eq. 3 too: CityPersons tells the 42 images with people left, 59 right.
_base_ = 'deeplabv3_r50-d8_cityscapes.py'

test_cfg = dict(sides='data/cityscapes/annotations/anno_val.mat')
