_base_ = 'mmpretrain::resnet/resnet50_8xb32_in1k.py'

test_cfg = dict(_delete_=True, type='mmchanpos.RankingLoop', taps=['backbone'])
