"""The loss on small maps is that on enlarged ones, value and gradient."""

import pytest
import torch
import torch.nn.functional as F

from mmchanpos.models.readouts.posenet_loss import UpsampledMSE, enlarge
from mmchanpos.models.readouts.position_maps import position_map


@pytest.mark.parametrize(
    ('small', 'large'), [((26, 26), (224, 224)), ((28, 22), (20, 64))]
)
def test_equal_to_enlarging_first(small, large):
    truths = torch.stack([position_map(n, large) for n in 'HVG'])
    loss = UpsampledMSE(truths, small)
    maps = torch.rand(4, 3, *small, dtype=torch.float64, requires_grad=True)
    up = F.interpolate(maps, large, mode='bilinear', align_corners=False)
    literal = (up - truths).square().mean((2, 3))
    (wanted,) = torch.autograd.grad(literal.sum(), maps)
    ours = loss(maps)
    (gradient,) = torch.autograd.grad(ours.sum(), maps)
    assert torch.allclose(ours.double(), literal, atol=1e-6)
    assert torch.allclose(gradient, wanted, atol=1e-7)
    assert torch.allclose(enlarge(maps, large).double(), up, atol=1e-5)


def test_exact_where_the_error_is_tiny():
    truth = F.interpolate(
        torch.rand(1, 1, 26, 26), (224, 224), mode='bilinear'
    )[0, 0]
    small = torch.zeros(26, 26, requires_grad=True)
    loss = UpsampledMSE(truth, (26, 26))
    optimizer = torch.optim.LBFGS([small], max_iter=300, tolerance_grad=0)

    def closure():
        optimizer.zero_grad()
        value = loss(small)
        value.backward()
        return value

    optimizer.step(closure)
    assert 0 <= loss(small).abs() < 1e-6
    assert (enlarge(small[None, None], (224, 224)) - truth).abs().max() < 1e-2


def test_full_precision_in_mixed_precision():
    loss = UpsampledMSE(position_map('H', 64), (20, 20))
    maps = torch.rand(2, 20, 20)
    with torch.autocast('cpu', torch.bfloat16):
        mixed = loss(maps)
    assert torch.equal(mixed, loss(maps))


def test_weights_move_with_the_model_but_are_not_saved():
    loss = UpsampledMSE(torch.rand(8, 8), (4, 4))
    assert not loss.state_dict()
    assert len(list(loss.buffers())) == 4
