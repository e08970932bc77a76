"""The term of Eq. 1 between views."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub

from mmchanpos.errors import InputError
from mmchanpos.models.losses import AugShiftLoss, pooled


@pytest.fixture
def views():
    torch.manual_seed(0)
    return [torch.randn(5, 7, requires_grad=True) for _ in range(2)]


def test_is_lambda_times_mse(views):
    a, b = views
    assert torch.allclose(AugShiftLoss(3.0)(views), 3 * F.mse_loss(a, b))
    total = AugShiftLoss(3.0, reduction='sum')(views)
    assert torch.allclose(total, 7 * 3 * F.mse_loss(a, b))


def test_gradient_is_the_analytic_one_and_not_zero(views):
    a, b = views
    AugShiftLoss(0.5)(views).backward()
    wanted = 0.5 * 2 * (a - b).detach() / a.numel()
    assert wanted.abs().min() > 0
    assert torch.allclose(a.grad, wanted, atol=1e-8)
    assert torch.allclose(b.grad, -wanted, atol=1e-8)


def test_stopped_gradient_is_half_of_it(views):
    AugShiftLoss(stop_gradient=True)(views).backward()
    wanted = (views[0] - views[1]).detach() / views[0].numel()
    assert torch.allclose(views[0].grad, wanted)


def test_mean_over_all_pairs_of_more_views():
    views = [torch.full((2, 3), float(v)) for v in (0, 1, 3)]
    assert AugShiftLoss()(views).item() == pytest.approx((1 + 4 + 9) / 3)


@pytest.mark.parametrize('distance', ['relative', 'cosine'])
def test_scale_free_distances_cannot_be_won_by_shrinking(views, distance):
    loss = AugShiftLoss(distance=distance)
    small = [z * 0.01 for z in views]
    assert torch.allclose(loss(views), loss(small), atol=1e-6)
    assert loss([views[0], views[0]]).abs() < 1e-6
    loss(views).backward()
    # No gradient along the scale of both.
    along = sum((z.grad * z.detach()).sum() for z in views)
    assert abs(along.item()) < 1e-6
    assert views[0].grad.abs().sum() > 0


def test_half_precision_is_compared_in_full():
    a = torch.full((2, 4), 300.0, dtype=torch.float16)
    assert AugShiftLoss()([a, -a]).item() == 360000


def test_warm_up_grows_linearly_with_the_iterations(views):
    hub = MessageHub.get_instance('aug-shift-warm-up')
    loss, full = AugShiftLoss(warm_up=4), AugShiftLoss()(views).item()
    found = []
    for iteration in (0, 1, 3, 10):
        hub.update_info('iter', iteration)
        found.append(loss(views).item() / full)
    assert found == pytest.approx([0.25, 0.5, 1, 1])
    assert not loss.state_dict()


def test_gap_of_maps_tokens_and_vectors():
    assert pooled(torch.ones(2, 3, 4, 4)).shape == (2, 3)
    assert pooled(torch.ones(2, 9, 3)).shape == (2, 3)
    assert pooled(torch.ones(2, 3)).shape == (2, 3)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(loss_weight=-1.0), 'loss_weight=-1.0'),
        (dict(loss_weight=float('nan')), 'loss_weight=nan'),
        (dict(distance='mean'), 'no distance "mean".*"mse"'),
        (dict(reduction='none'), 'no reduction "none".*"sum"'),
        (dict(warm_up=-5), 'warm_up=-5'),
    ],
)
def test_bad_arguments(kwargs, message):
    with pytest.raises(InputError, match=message):
        AugShiftLoss(**kwargs)


def test_one_view_only(views):
    with pytest.raises(InputError, match='num_views=2'):
        AugShiftLoss()(views[:1])
