_base_ = 'blurpool.py'

antialiased = dict(filt=3)
