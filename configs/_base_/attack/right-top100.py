# Channels that tell a thing on the right (Eq. 3).
_base_ = 'overall-top100.py'

channel_zeroing = dict(kind='right')
