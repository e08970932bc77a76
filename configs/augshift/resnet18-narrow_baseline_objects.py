_base_ = '_base_/objects.py'
