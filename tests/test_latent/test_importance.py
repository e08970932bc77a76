"""What the task needs: identities of gradients and removal."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent.importance import (
    integrated_gradients,
    single_removal,
    taylor,
)


def linear_head(z):
    return z.mean((2, 3)) @ torch.tensor([1.0, -2.0, 0.0, 0.5]).to(z)


def curved_head(z):
    return (linear_head(z) ** 2) + z[:, 2].mean((1, 2)).exp()


def kept(head, n=6):
    rng = torch.Generator().manual_seed(0)
    data = torch.rand(n, 4, 3, 5, generator=rng, dtype=torch.float64)
    return [(part, head) for part in data.split(2)]


def test_of_a_linear_head_all_say_what_removal_says():
    removal = single_removal(kept(linear_head))
    assert removal.shape == (6, 4)
    np.testing.assert_allclose(taylor(kept(linear_head)), removal, atol=1e-12)
    np.testing.assert_allclose(
        integrated_gradients(kept(linear_head), 2), removal, atol=1e-12
    )
    absolute = taylor(kept(linear_head), absolute=True)
    np.testing.assert_allclose(absolute, abs(removal), atol=1e-12)


def test_integrated_gradients_sum_to_the_whole_difference():
    data = kept(curved_head)
    found = integrated_gradients(data, steps=64).sum(1)
    with torch.no_grad():
        whole = torch.cat([head(0 * z) - head(z) for z, head in data])
    np.testing.assert_allclose(found, whole, rtol=1e-3)


def test_removal_equals_one_channel_after_the_other():
    data = kept(curved_head)
    found = single_removal(data)
    z, head = data[0]
    cut = z.clone()
    cut[:, 2] = 0
    np.testing.assert_allclose(found[:2, 2], head(cut) - head(z))


def test_what_does_not_fit_is_named():
    with pytest.raises(InputError, match='no latents'):
        taylor([])
