# PosENet alone on built-in images.
_base_ = '_base_/synthetic.py'
