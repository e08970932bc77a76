import torch
from torch import nn

from mmchanpos.latent.replay.memo import Memo


def test_memory_holds_what_lies_beside_the_way_to_the_latent():
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1)),
        nn.Conv2d(4, 2, 1),
    )
    memo = Memo(net, '0.1')
    with memo.recording(), torch.no_grad():
        net(torch.rand(1, 3, 4, 4))
    assert set(memo.calls) == {*net[0][:2]}
