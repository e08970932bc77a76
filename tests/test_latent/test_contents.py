"""Images without a scene favour no place, and are the same for a seed."""

import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent.contents import (
    CONTENTS,
    content,
    randomised,
    shuffled_patches,
)


@pytest.mark.parametrize('kind', [*CONTENTS, 'mixture'])
def test_no_place_is_favoured_and_seeds_decide(kind):
    images = torch.stack([content(kind, (3, 8, 8), i) for i in range(400)])
    assert images.min() >= 0
    assert images.max() <= 1
    mean = images.mean(0)
    # Of 400 draws, within five standard errors at every place.
    assert (mean - 0.5).abs().max() < 5 * images.std(0).max() / 20
    assert content(kind, (3, 8, 8), 7).equal(images[7])
    assert not images[7].equal(images[8])


def test_pink_noise_is_smoother_than_white():
    def roughness(kind):
        image = content(kind, (3, 64, 64))
        return image.diff(dim=-1).std() / image.std()

    assert roughness('pink') < 0.7 * roughness('gaussian')


def column(image, row, j):
    return tuple(image[0, row : row + 4, j].tolist())


def test_patches_move_and_stay_what_they_are():
    image = torch.arange(3 * 10 * 14.0).view(3, 10, 14)
    moved = shuffled_patches(image, seed=1, side=4)
    assert not moved.equal(image)
    assert moved.flatten().sort().values.equal(image.flatten())
    assert moved[:, 8:].equal(image[:, 8:])
    assert moved[..., 12:].equal(image[..., 12:])
    whole = {column(image, i, j) for i in (0, 4) for j in range(12)}
    assert {column(moved, 0, j) for j in range(12)} <= whole


def test_type_and_range_stay():
    whole = torch.randint(0, 256, (3, 8, 9), dtype=torch.uint8)
    for kind in ('uniform', 'patches', 'mixture'):
        new = randomised(whole, kind, 3)
        assert new.dtype == torch.uint8
        assert new.shape == whole.shape
    assert randomised(whole, 'uniform', 3).max() > 200
    assert randomised(whole.float(), 'uniform', 3).max() > 200
    assert randomised(whole / 255, 'uniform', 3).max() <= 1
    assert randomised(whole, None, 3) is whole
    with pytest.raises(InputError, match='Did you mean "pink"'):
        randomised(whole, 'pinc', 3)
