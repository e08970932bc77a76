import numpy as np
import pytest
import torch

pytest.importorskip('mmdet')
from mmchanpos.errors import InputError
from mmchanpos.models.detectors import (
    CSPCenterLoss,
    CSPOffsetLoss,
    CSPScaleLoss,
)
from mmchanpos.models.detectors.csp_targets import csp_targets

BOXES = [
    torch.tensor([[40.0, 40, 80, 140], [100, 20, 120, 70]]),
    torch.tensor([[0.0, 0, 20, 50]]),
]
IGNORED = [torch.tensor([[90.0, 0, 128, 60]]), torch.zeros(0, 4)]


def literal(center, scale, offset, t):
    """The formulas, cell by cell."""
    total, relative, shift, k, r = 0.0, 0.0, 0.0, 0.0, 0.0

    def smooth(x):
        return 0.5 * x * x if abs(x) < 1 else abs(x) - 0.5

    for b, i, j in np.ndindex(*t.center.shape[:1], *t.center.shape[2:]):
        c, m = t.center[b, 0, i, j], t.mask[b, 0, i, j]
        g, p = t.gaussian[b, 0, i, j], 1 / (1 + np.exp(-center[b, 0, i, j]))
        total += c * (1 - p) ** 2 * -np.log(p)
        total += max(m - c, 0) * (1 - g) ** 4 * p**2 * -np.log(1 - p)
        k += c
        if t.scale_mask[b, 0, i, j]:
            r += 1
            want = t.scale[b, 0, i, j]
            relative += smooth(
                scale[b, 0, i, j] / (want + 1e-10) - want / (want + 1e-10)
            )
        if c:
            shift += sum(
                smooth(offset[b, d, i, j] - t.offset[b, d, i, j])
                for d in (0, 1)
            )
    return 0.01 * total / k, relative / r, 0.1 * shift / k


def maps(seed=0):
    g = torch.Generator().manual_seed(seed)
    shapes = ((2, 1, 40, 32), (2, 1, 40, 32), (2, 2, 40, 32))
    return [
        torch.randn(*shape, generator=g).requires_grad_() for shape in shapes
    ]


def test_equal_the_formulas():
    t = csp_targets(BOXES, IGNORED, (40, 32))
    center, scale, offset = maps()
    got = (
        CSPCenterLoss()(center, t),
        CSPScaleLoss()(scale, t),
        CSPOffsetLoss()(offset, t),
    )
    arrays = [m.detach().double().numpy() for m in (center, scale, offset)]
    plain = type(t)(*(m.double().numpy() for m in t))
    np.testing.assert_allclose(
        [float(g) for g in got], literal(*arrays, plain), rtol=1e-5
    )


def test_no_gradient_in_ignored_regions():
    t = csp_targets(BOXES, IGNORED, (40, 32))
    center, _, _ = maps()
    CSPCenterLoss()(center, t).backward()
    silent = t.mask == 0
    assert silent.any()
    assert (center.grad[silent] == 0).all()
    assert (center.grad[~silent & (t.gaussian < 1)] != 0).all()


def test_tiny_person_in_an_ignored_region_does_not_count_negative():
    # The window of this person is empty, so the mask stays 0 at the centre.
    boxes, ignored = torch.tensor([[21.0, 21, 23, 23]]), [0.0, 0, 100, 100]
    t = csp_targets([boxes], [torch.tensor([ignored])], (40, 32))
    assert t.center.sum() == 1
    assert t.mask[0, 0, 5, 5] == 0
    confident = torch.full((1, 1, 40, 32), 9.0)
    assert CSPCenterLoss()(confident, t) > 0


def test_images_without_people_give_finite_losses_and_gradients():
    none = torch.zeros(0, 4)
    t = csp_targets([none] * 2, [none] * 2, (40, 32))
    center, scale, offset = maps()
    losses = (
        CSPCenterLoss()(center, t),
        CSPScaleLoss()(scale, t),
        CSPOffsetLoss()(offset, t),
    )
    sum(losses).backward()
    assert losses[0] > 0
    assert losses[1] == losses[2] == 0
    for m in (center, scale, offset):
        assert torch.isfinite(m.grad).all()


def test_extreme_logits_stay_finite():
    t = csp_targets(BOXES, IGNORED, (40, 32))
    for value in (-1e4, 1e4):
        center = torch.full((2, 1, 40, 32), value, requires_grad=True)
        loss = CSPCenterLoss()(center, t)
        loss.backward()
        assert torch.isfinite(loss)
        assert torch.isfinite(center.grad).all()


def test_l1_is_a_choice():
    t = csp_targets(BOXES, IGNORED, (40, 32))
    scale = t.scale + 0.5 * (t.scale + 1e-10)
    assert CSPScaleLoss(norm='l1')(scale, t).item() == pytest.approx(0.5)
    assert CSPScaleLoss()(scale, t).item() == pytest.approx(0.125)
    with pytest.raises(InputError, match='smooth_l1'):
        CSPScaleLoss(norm='l2')
