# A window of ranks (Fig. 4, bottom row).
_base_ = 'overall-top100.py'

channel_zeroing = dict(top=None, start=100, stop=200)
