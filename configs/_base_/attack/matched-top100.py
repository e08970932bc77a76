# A control: random channels, as strong as the overall top 100.
_base_ = 'overall-top100.py'

channel_zeroing = dict(kind='matched', seed=0)
