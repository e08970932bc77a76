# Channels that are stronger for things left than right.
_base_ = 'overall-top100.py'

channel_zeroing = dict(kind='contrast')
