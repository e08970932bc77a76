# A control: random channels, by their own seed.
_base_ = 'overall-top100.py'

channel_zeroing = dict(kind='random', seed=0)
