# Fig. 6, S3, S4: left and right channels, measured in each half.
_base_ = 'sweep.py'

sweep = dict(
    kinds=['left', 'right', 'contrast', 'contrast_right'],
    tops=[10, 20, 50, 100, 200],
    windows=[],
)
