import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent import Deltas, Tap, gap
from mmchanpos.latent.deltas import plain_stem
from mmchanpos.latent.moments import Moments
from mmchanpos.latent.readout import residual_r2


def deltas(index=(0, 1, 2), tap=None, **vectors):
    rows = {
        'plain': [[1.0, 0, 2, 0], [2.0, 0, 2, 1e-12], [3.0, 0, 2, 0]],
        'flip': [[0.5, 0, 2, 0], [2.5, 0, 2, 0], [3.0, 0, 2, 0]],
        **vectors,
    }
    return Deltas(
        tap or Tap('x'),
        (4,),
        {k: np.array(v, np.float32)[: len(index)] for k, v in rows.items()},
        np.array(index),
        [f'val/town_{i}.png' for i in index],
        {'dataset': 'toy'},
    )


def test_gap_pools_every_axis_but_images_and_channels():
    maps, tokens = torch.rand(2, 3, 4, 5), torch.rand(2, 7, 3)
    assert torch.allclose(gap(maps), maps.double().mean((2, 3)))
    assert torch.allclose(gap(tokens, 2), tokens.double().mean(1))
    assert torch.equal(gap(tokens[:, 0]), tokens[:, 0].double())
    both = gap((maps, torch.ones(2, 2, 1, 1)))
    assert torch.equal(both[:, 3:], torch.ones(2, 2).double())
    with pytest.raises(IndexError):
        gap(torch.rand(2, 3), 2)


def test_differences_are_between_two_variants():
    found = deltas().difference()
    assert found.dtype == np.float64
    assert found[:, 0].tolist() == [0.5, -0.5, 0]
    assert (deltas().difference('flip', 'plain') == -found).all()
    with pytest.raises(InputError, match='but not "shift".*another pass'):
        deltas().difference('plain', 'shift')


def test_channels_that_are_always_0_are_known_and_constant_ones_are_not_dead():
    # Channel 3 holds what rounding leaves of a 0.
    assert deltas().dead.tolist() == [1, 3]
    seen = deltas(shift=np.eye(4)[[1, 1, 1]])
    assert seen.dead.tolist() == [3]
    nothing = np.zeros((3, 4))
    assert len(deltas(plain=nothing, flip=nothing).dead) == 4


def test_a_weak_channel_beside_a_very_strong_one_is_not_dead():
    weak = [[1e-3, 0, 1e3, 1]] * 3
    seen = deltas(plain=weak, flip=weak, spread=np.square(weak))
    assert seen.dead.tolist() == [1]


def test_rows_are_found_by_name_or_by_what_a_caller_calls_equal():
    names = ['town_2', 'other/folder/town_0.jpg']
    assert deltas().rows_of(names).tolist() == [2, 0]
    assert deltas().rows_of(['1'], lambda n: re.sub(r'\D', '', n)) == [1]
    with pytest.raises(InputError, match='1 of the 2 listed.*"town_1"'):
        deltas().rows_of(['town_2', 'town_1.5'])
    with pytest.raises(InputError, match='list of images is empty'):
        deltas().rows_of([])


def test_images_of_one_name_are_told_apart_by_their_folders():
    seen = replace(deltas(), names=['v/a/1.png', 'v/b/1.png', 'v/b/2.png'])
    assert seen.rows_of(['b/1.png', 'a/1', '2']).tolist() == [1, 0, 2]
    for name in ('1', 'c/1.png', 'v/1'):
        with pytest.raises(InputError, match='may be any of.*v/b/1.png'):
            seen.rows_of([name])


def test_an_image_that_a_set_shows_twice_is_one_image():
    seen = replace(deltas(), names=['a/1.png', 'a/2.png', 'a/1.png'])
    assert seen.rows_of(['1', '2']).tolist() == [2, 1]


@pytest.mark.parametrize(
    ('name', 'stem'),
    [
        ('a/b.c/town_1.png', 'town_1'),
        ('a\\town_1.JPEG', 'town_1'),
        ('town_1.5', 'town_1.5'),
        ('town_1_leftImg8bit.png', 'town_1_leftImg8bit'),
        (7, '7'),
    ],
)
def test_the_plain_stem_knows_folders_and_image_files_alone(name, stem):
    assert plain_stem(name) == stem


def test_deltas_come_back_from_their_file(tmp_path):
    before = deltas(tap=Tap('neck', (0, 2)))
    before.save(tmp_path / 'd.npz')
    again = Deltas.load(tmp_path / 'd.npz')
    assert (again.tap, again.widths) == (before.tap, before.widths)
    assert list(again.names) == list(before.names)
    assert again.about == {'dataset': 'toy'}
    assert again.index.tolist() == [0, 1, 2]
    assert again.vectors.keys() == before.vectors.keys()
    for name, rows in before.vectors.items():
        assert np.array_equal(rows, again.vectors[name])


def test_images_that_two_processes_saw_count_once():
    one, other = deltas((4, 0)), deltas((4, 2, 1))
    merged = Deltas.merge([one, other])
    assert merged.index.tolist() == [0, 1, 2, 4]
    assert merged.names[3] == 'val/town_4.png'
    assert merged.variant('plain')[:, 0].tolist() == [2, 3, 2, 1]


def test_another_file_is_refused(tmp_path):
    np.savez(tmp_path / 'other.npz', x=np.zeros(1))
    with pytest.raises(InputError, match='does not hold channel'):
        Deltas.load(tmp_path / 'other.npz')


def test_covariances_keep_the_position_maps_they_are_with(tmp_path):
    moments = Moments(['y', 'x', 'radius'])
    moments.add(torch.rand(2, 4, 3, 3))
    replace(deltas(), moments=[moments]).save(tmp_path / 'd.npz')
    (again,) = Deltas.load(tmp_path / 'd.npz').moments
    assert again.targets == moments.targets
    assert np.array_equal(again.cross, moments.cross)
    assert residual_r2(again).shape == (3,)
