"""An atlas shows where channels respond, however the images were seen."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent import ChannelRanking
from mmchanpos.latent.atlas import Atlas, AtlasMaker

CHANNELS, IMAGES = 6, 12
RANKINGS = [
    ChannelRanking('overall', [3, 0, 5, 1, 2, 4]),
    ChannelRanking('left', [0, 1, 2, 3, 4, 5]),
]


@pytest.fixture(scope='module')
def seen():
    """Latents (n, C, 4, 8) and images (n, 3, 32, 64)."""
    rng = torch.Generator().manual_seed(0)
    latent = torch.rand(IMAGES, CHANNELS, 4, 8, generator=rng)
    latent[:, 3, :, 0] += 2  # responds at the left border
    latent[7, 0, 2, 6] = 9  # once, at a place of its own
    images = torch.randint(256, (IMAGES, 3, 32, 64), generator=rng)
    return latent, images.byte()


def made(seen, sizes, places=None, **kwargs):
    latent, images = seen
    maker = AtlasMaker(RANKINGS, top=2, **kwargs)
    places = range(IMAGES) if places is None else places
    for batch in torch.tensor(list(places)).split(sizes):
        maker.add(latent[batch], 1, images[batch], batch.tolist())
    return maker


def test_it_is_the_mean_over_images_and_their_peaks(seen):
    latent, images = seen
    atlas = made(seen, 5).atlas()
    assert atlas.channels.tolist() == [0, 1, 3]
    assert atlas.shown == {'overall': [3, 0], 'left': [0, 1]}
    mean = latent[:, [0, 1, 3]].double().mean(0)
    np.testing.assert_allclose(atlas.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(atlas.along('x'), mean.mean(1), rtol=1e-6)
    np.testing.assert_allclose(atlas.along('y'), mean.mean(2), rtol=1e-6)
    assert atlas.along('x')[2].argmax() == 0
    # Channel 0 is strongest in image 7, in row 2 of 4 and column 6 of 8.
    assert atlas.places[0, 0].tolist() == [6.5 / 8, 2.5 / 4]
    shown = images[7].permute(1, 2, 0)
    assert np.array_equal(atlas.thumbs[0, 0], shown)
    flipped = made(seen, 5, bgr=True).atlas()
    assert np.array_equal(flipped.thumbs[0, 0], shown.flip(2))


@pytest.mark.parametrize('sizes', [1, 4, IMAGES])
def test_batches_processes_and_a_kill_make_no_difference(seen, sizes):
    wanted = made(seen, 5).atlas().arrays()
    several = [made(seen, sizes, range(i, IMAGES, 2)) for i in (0, 1)]
    # Samplers pad: the other process sees an image again.
    several.append(made(seen, sizes, [0, 1]))
    joined = AtlasMaker(RANKINGS, top=2)
    joined.gather(several)
    resumed = AtlasMaker(RANKINGS, top=2)
    latent, images = seen
    for batch in torch.arange(IMAGES).split(sizes):
        maker = resumed if batch[0] > 5 else AtlasMaker(RANKINGS, top=2)
        entry = maker.add(latent[batch], 1, images[batch], batch.tolist())
        resumed.restore(entry)
    for maker in (made(seen, sizes), joined, resumed):
        found = maker.atlas().arrays()
        assert set(found) == set(wanted)
        for name, array in found.items():
            assert np.array_equal(array, wanted[name]), name


def test_it_comes_back_from_its_arrays(seen):
    atlas = made(seen, 5).atlas()
    again = Atlas.of(atlas.arrays())
    assert again.shown == atlas.shown
    assert np.array_equal(again.mean, atlas.mean)
    with pytest.raises(InputError, match="no arrays \\['areas'\\]"):
        Atlas.of({'areas': atlas.mean})


def test_large_maps_and_levels_share_a_grid(seen):
    maker = AtlasMaker(RANKINGS, top=2)
    _, images = seen
    levels = torch.rand(2, 2, 40, 80), torch.rand(2, 4, 20, 40)
    maker.add(levels, 1, images[:2], [0, 1])
    atlas = maker.atlas()
    assert atlas.mean.shape == (3, 16, 16)
    first = torch.nn.functional.adaptive_avg_pool2d(levels[0], 16)[:, :2]
    np.testing.assert_allclose(atlas.mean[:2], first.mean(0), rtol=1e-5)


def test_vectors_and_patches_have_no_atlas(seen):
    maker = AtlasMaker(RANKINGS)
    assert maker.add(torch.rand(2, CHANNELS), 1, seen[1][:2], [0, 1]) == {}
    many = torch.rand(8, CHANNELS, 4, 4)
    assert maker.add(many, 1, seen[1][:2], [0, 1]) == {}
    assert maker.atlas() is None


def test_processes_whose_images_differ_in_shape_share_a_grid(seen):
    makers = []
    for place, size in ((0, (13, 21)), (1, (21, 13))):
        makers.append(AtlasMaker(RANKINGS, top=2))
        makers[-1].add(torch.rand(1, 6, *size), 1, seen[1][:1], [place])
    for order in (makers, makers[::-1]):
        joined = AtlasMaker(RANKINGS, top=2)
        joined.gather(order)
        atlas = joined.atlas()
        assert atlas.mean.shape == (3, 13, 16)
        assert atlas.places.shape[:2] == (3, 2)
