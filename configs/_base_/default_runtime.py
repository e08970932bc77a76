# What every complete config of ours needs and no host says: a leaf adds
# `default_scope` (that of its host) and what it trains.

default_hooks = dict(
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=50),
    param_scheduler=dict(type='ParamSchedulerHook'),
    # Keep disks small: the last weights are enough to go on or to test.
    checkpoint=dict(type='CheckpointHook', interval=1, max_keep_ckpts=1),
    # The same shuffling in every run of the same seed.
    sampler_seed=dict(type='DistSamplerSeedHook'),
)
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
log_processor = dict(type='LogProcessor', window_size=10)
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)
