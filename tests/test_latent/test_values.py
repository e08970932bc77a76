from types import SimpleNamespace

import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent.values import mean, resample, shuffle, zero

CHOSEN = torch.arange(24.0).view(2, 3, 2, 2) + 1
NUMBERS = torch.tensor([4, 0, 2])
ABLATION = SimpleNamespace(
    seed=0, ranking=SimpleNamespace(means=[0.5, 9.0, 2.5, 9.0, 4.5])
)


def test_zero_is_nothing_also_where_there_was_nan():
    chosen = CHOSEN.clone()
    chosen[0, 0] = float('nan')
    assert torch.equal(zero(chosen, NUMBERS, ABLATION, {}), 0 * CHOSEN)


def test_mean_is_that_of_the_channel_by_its_number():
    found = mean(CHOSEN.half(), NUMBERS, ABLATION, {})
    assert found.dtype == torch.float16
    for channel, value in enumerate([4.5, 0.5, 2.5]):
        assert (found[:, channel] == value).all()


def test_shuffle_moves_all_channels_and_images_alike():
    found = shuffle(CHOSEN, NUMBERS, ABLATION, {})
    first = found[0, 0].flatten().long() - 1
    assert sorted(first.tolist()) == [0, 1, 2, 3]
    assert torch.equal(found.flatten(2), CHOSEN.flatten(2)[..., first])
    with pytest.raises(InputError, match='one vector per image'):
        shuffle(CHOSEN[..., 0, 0], NUMBERS, ABLATION, {})


def test_resample_hands_on_the_image_before_over_batches():
    state = {}
    first = resample(CHOSEN, NUMBERS, ABLATION, state)
    assert torch.equal(first, torch.stack([0 * CHOSEN[0], CHOSEN[0]]))
    second = resample(CHOSEN[:1] + 50, NUMBERS, ABLATION, state)
    assert torch.equal(second, CHOSEN[1:])
    # Other channels have another memory.
    assert not resample(
        CHOSEN[:1], torch.tensor([1, 3, 5]), ABLATION, state
    ).any()
