# PosENet alone (Table 1): the resized image instead of an encoder.
_base_ = '_base_/duts.py'
