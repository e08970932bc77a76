import pytest
import torch
from torch import nn

from mmchanpos.latent.replay.memo import Memo, patched_method


class Counted(nn.Module):
    """Adds one, and counts how often."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return x + 1


def record(memo, net, x):
    with memo.recording():
        return net(x)


def test_memory_holds_what_lies_beside_the_way_to_the_latent():
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.Conv2d(4, 4, 1)),
        nn.Conv2d(4, 2, 1),
    )
    memo = Memo(net, '0.1')
    with torch.no_grad():
        record(memo, net, torch.rand(1, 3, 4, 4))
    assert set(memo.calls) == {*net[0][:2]}


def test_what_was_asked_before_is_answered_and_anything_else_is_run():
    net = nn.Sequential(Counted(), Counted(), Counted())
    memo = Memo(net, '1')
    x = torch.zeros(2)
    record(memo, net, x)
    for image, wanted in ((x, 3), (torch.zeros(2), 3), (torch.ones(2), 4)):
        with memo.replaying():
            assert net(image).tolist() == [wanted] * 2
    # Recorded once; run anew for the ones alone, and after the latent always.
    assert [layer.calls for layer in net] == [2, 2, 4]
    assert not any('forward' in vars(layer) for layer in net)


def test_a_layer_that_works_in_place_spoils_what_is_kept_but_no_copy():
    net = nn.Sequential(Counted(), nn.ReLU(inplace=True)).eval()
    memo = Memo(net, '0')
    x = torch.full((2,), -3.0)
    record(memo, net, x)
    assert not memo.intact
    memo.careful = True
    record(memo, net, x)
    assert memo.intact
    for _ in range(2):
        with memo.replaying():
            assert net(x).tolist() == [0, 0]
    assert memo.intact
    assert memo.calls[net[0]][0].output.value.tolist() == [-2, -2]


def test_a_patched_method_is_put_back_after_an_error():
    layer, x = nn.ReLU(), torch.tensor(-1.0)
    with patched_method(layer, 'forward', lambda x: x):
        assert layer(x) == -1

    def fail(x):
        raise KeyError

    with pytest.raises(KeyError), patched_method(layer, 'forward', fail):
        layer(x)
    assert layer(x) == 0
    assert 'forward' not in vars(layer)
