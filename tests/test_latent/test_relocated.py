"""Content that sits elsewhere, and constants that hurt least."""

import pytest
import torch
from torch import nn

from mmchanpos.errors import InputError
from mmchanpos.latent import Ablation, ChannelRanking, ablate
from mmchanpos.latent.importance import optimal_constants
from mmchanpos.latent.replay import LatentReplay


def net(mode, stride=1):
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, 3, stride, 1, padding_mode=mode)
    body = nn.Sequential(conv, nn.ReLU())
    return nn.Sequential(body, nn.Conv2d(4, 2, 1)).eval()


def test_a_net_that_treats_places_alike_does_not_notice():
    image = torch.rand(2, 3, 8, 12)
    ablation = Ablation(channels=[0, 2], value='relocate')
    for mode, same in (('circular', True), ('zeros', False)):
        model = net(mode)
        with torch.no_grad():
            plain = model(image)
            with ablate(model, '0', ablation):
                moved = model(image)
        close = torch.allclose(plain, moved, atol=1e-6)
        assert close is same
        # Away from the border and from the seam nothing changes at all.
        torch.testing.assert_close(plain[..., 1:3, 1:5], moved[..., 1:3, 1:5])


def test_the_relocated_map_is_that_of_the_rolled_image():
    model, image = net('zeros', stride=2), torch.rand(1, 3, 8, 12)
    with torch.no_grad():
        rolled = model[0](image.roll((4, 6), (2, 3))).roll((-2, -3), (2, 3))
        latent = model[0](image)
        latent[:, [1, 3]] = rolled[:, [1, 3]]
        ablation = Ablation(channels=[1, 3], value='relocate')
        with ablate(model, '0', ablation):
            torch.testing.assert_close(model(image), model[1](latent))
        replay = LatentReplay(model, '0')
        replay.record(lambda: model(image))
        found = replay.run(lambda: model(image), ablation)
    torch.testing.assert_close(found, model[1](latent))


def test_a_size_that_does_not_fit_is_named():
    model = net('zeros', stride=2)
    ablation = Ablation(channels=[0], value='relocate')
    with (
        pytest.raises(InputError, match='whole multiples'),
        torch.no_grad(),
        ablate(model, '0', ablation),
    ):
        model(torch.rand(1, 3, 9, 9))


def test_optimal_constants_hurt_no_more_than_zeros_or_means():
    torch.manual_seed(0)
    latents = [torch.rand(2, 3, 4, 4) + 1 for _ in range(3)]

    def loss(z):
        # Channel 0 wants to be 2; that it varies is of no use.
        pooled = z.mean((2, 3))
        return (pooled[:, 0] - 2) ** 2 + pooled[:, 1]

    kept = [(z, loss) for z in latents]
    constants = optimal_constants(kept, [0])
    assert constants[0] == pytest.approx(2, abs=0.02)
    assert (constants[1:] == 0).all()
    several = optimal_constants(kept, [0, 2])
    assert several[0] == pytest.approx(2, abs=0.1)
    assert several[1] == 0
    ranking = ChannelRanking('overall', [0, 1, 2], optimal=constants)
    apply = Ablation(ranking, top=1, value='optimal').applier()
    new = apply(latents[0])
    assert (new[:, 0] - 2).abs().max() < 0.02
    assert new[:, 1:].equal(latents[0][:, 1:])
    with pytest.raises(InputError, match='constants'):
        Ablation(ChannelRanking('overall', [0]), top=1, value='optimal')
