# Random weights: what padding alone gives away, before any learning.
_base_ = './vgg16_duts.py'

model = dict(encoder=dict(checkpoint=None))
