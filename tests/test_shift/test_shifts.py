"""Shifting images, and drawing shifts."""

import numpy as np
import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.shift import MODES, ShiftProtocol, hashed, shift_images


def slow_shift(image, dy, dx, mode):
    """One pixel after the other, by way of numpy's own padding."""
    how = dict(
        zero='constant', reflect='reflect', replicate='edge', circular='wrap'
    )[mode]
    height, width = image.shape[-2:]
    pad = ((0, 0), (height - 1,) * 2, (width - 1,) * 2)
    big = np.pad(image, pad, mode=how)
    y, x = height - 1 - dy, width - 1 - dx
    return big[:, y : y + height, x : x + width]


@pytest.mark.parametrize('mode', [m for m in MODES if m != 'crop'])
def test_equals_padding_and_slicing(mode):
    images = torch.rand(6, 3, 5, 7)
    shifts = [(0, 0), (1, 0), (0, -2), (-4, 6), (3, -5), (-2, 2)]
    out = shift_images(images, shifts, mode)
    for image, (dy, dx), got in zip(images, shifts, out):
        assert np.array_equal(slow_shift(image.numpy(), dy, dx, mode), got)


@pytest.mark.parametrize('mode', MODES)
@pytest.mark.parametrize('shift', [(0, 0), (2, -3), (-4, 1), (9, 0), (0, -7)])
def test_one_shift_for_all_is_that_of_each(mode, shift):
    images = torch.rand(3, 2, 5, 7).to(memory_format=torch.channels_last)
    how = dict(crop=(1, 1), start=(2, 3)) if mode == 'crop' else {}
    if mode == 'crop':
        shift = tuple(np.clip(shift, -2, 2))
    if mode == 'zero':
        how = dict(fill=torch.tensor([0.5, 2.0]))
    # Beside another shift no two are alike, so each goes its own way.
    mixed = shift_images(images, [shift, (1, 1), shift], mode, **how)
    alike = shift_images(images, [shift] * 3, mode, **how)
    assert torch.equal(alike[::2], mixed[::2])
    assert alike.is_contiguous()


def test_crop_moves_the_content_as_the_other_modes_do():
    canvas = torch.rand(1, 3, 12, 12)
    window = canvas[:, :, 2:10, 2:10]
    moved = shift_images(canvas, [[1, -2]], 'crop', (8, 8), (2, 2))
    zeroed = shift_images(window, [[1, -2]], 'zero')
    assert torch.equal(moved[:, :, 1:, :-2], zeroed[:, :, 1:, :-2])


def test_crop_protocol_cuts_where_the_published_code_does():
    canvas = torch.rand(2, 3, 12, 12)
    test = ShiftProtocol(
        mode='crop', canvas=12, crop=8, max_shift=4,
        range='halfopen', anchor='topleft',
    )  # fmt: skip
    out = test.apply(canvas, np.array([[0, 3], [2, 1]]))
    assert torch.equal(out[0], canvas[0, :, 0:8, 3:11])
    assert torch.equal(out[1], canvas[1, :, 2:10, 1:9])


def test_fill_is_black_before_normalisation():
    images = torch.ones(1, 2, 4, 4)
    out = shift_images(images, [[0, 2]], 'zero', fill=torch.tensor([-1.0, -2]))
    assert out[0, :, 0, 0].tolist() == [-1, -2]
    assert out[0, :, 0, 3].tolist() == [1, 1]


def test_fractional_circular_shift_is_exact_for_a_wave():
    at = torch.arange(16.0)
    wave = torch.cos(2 * torch.pi * 3 * at / 16).expand(1, 1, 16, 16)
    moved = torch.cos(2 * torch.pi * 3 * (at - 0.5) / 16)
    out = shift_images(wave, [[0.0, 0.5]], 'circular')
    assert torch.allclose(out[0, 0], moved.expand(16, 16), atol=1e-5)


def test_half_pixel_of_other_modes_is_the_mean_of_neighbours():
    images = torch.rand(1, 3, 6, 6)
    half = shift_images(images, [[0.5, 0]], 'replicate')
    one = shift_images(images, [[1, 0]], 'replicate')
    assert torch.allclose(half, (images + one) / 2)


@pytest.mark.parametrize('mode', ['replicate', 'circular'])
def test_integers_have_nothing_between_two_pixels(mode):
    images = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    assert shift_images(images, [[1, 0]], mode).dtype == torch.uint8
    with pytest.raises(InputError, match='torch.uint8: floating-point'):
        shift_images(images, [[0.5, 0]], mode)


@pytest.mark.parametrize('seed', [0, 1])
@pytest.mark.parametrize('bounds', ['halfopen', 'signed', 'inclusive'])
def test_draws_are_uniform_on_exactly_the_stated_range(bounds, seed):
    test = ShiftProtocol(max_shift=3, range=bounds, num_shifts=4, seed=seed)
    draws = test.draw(np.arange(9000)).reshape(-1, 2)
    low = 0 if bounds == 'halfopen' else -3
    high = 3 if bounds == 'inclusive' else 2
    cells, counts = np.unique(draws, axis=0, return_counts=True)
    assert draws.min() == low
    assert draws.max() == high
    assert len(cells) == (high - low + 1) ** 2
    expected = len(draws) / len(cells)
    chi2 = ((counts - expected) ** 2 / expected).sum()
    # Six standard deviations of a chi-square with this many cells.
    assert chi2 < len(cells) + 6 * np.sqrt(2 * len(cells))


def test_draws_depend_on_the_sample_alone():
    test = ShiftProtocol(max_shift=5)
    together = test.draw(np.array([7, 3, 11]))
    assert np.array_equal(together[1], test.draw(np.array([3]))[0])
    other = ShiftProtocol(max_shift=5, seed=1).draw(np.array([7, 3, 11]))
    assert not np.array_equal(together, other)


def test_batch_draws_are_shared_by_consecutive_samples():
    test = ShiftProtocol(draw_per='batch', batch=4, num_shifts=16)
    draws = test.draw(np.arange(8))
    assert (draws[:4] == draws[0]).all()
    assert (draws[4:] == draws[4]).all()
    assert not np.array_equal(draws[0], draws[4])


def test_no_shift_is_paired_with_itself_when_that_is_excluded():
    test = ShiftProtocol(
        max_shift=1, num_shifts=9, exclude_identical=True, seed=3
    )
    for shifts in test.draw(np.arange(20)):
        assert len(np.unique(shifts, axis=0)) == 9


def test_a_whole_grid_draws_nothing_that_could_be_too_much():
    test = ShiftProtocol(
        max_shift=1, num_shifts=10, exclude_identical=True, exhaustive=True
    )
    assert test.draw(np.arange(2)).shape == (2, 9, 2)


def test_hash_bits_look_random():
    bits = hashed(0, np.arange(4000)[:, None], np.arange(2))
    ones = np.unpackbits(bits.view(np.uint8)).mean()
    assert abs(ones - 0.5) < 0.005
    top = (bits >> np.uint64(63)).astype(float)
    assert abs(np.corrcoef(top[:, 0], top[:, 1])[0, 1]) < 0.06


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        (dict(mode='wrap'), 'Shift mode "wrap"'),
        (dict(max_shift=0), 'max_shift=0'),
        (dict(range='half'), 'Did you mean "halfopen"'),
        (dict(max_shift=40, canvas=32), 'at most 31'),
        (dict(mode='crop'), 'needs crop='),
        (dict(mode='crop', crop=24, canvas=32, max_shift=8), 'off the 32x32'),
        (dict(max_shift=8, step=3), 'multiple of the step'),
        (dict(num_shifts=1), 'too few'),
        (dict(max_shift=1, num_shifts=10, exclude_identical=True), 'of 9'),
        (dict(pair='original', exclude_identical=True), 'for pair="two"'),
    ],
)
def test_impossible_tests_are_refused_when_built(fields, message):
    with pytest.raises(InputError, match=message):
        ShiftProtocol(**fields)


def test_misspelt_field_names_its_neighbour():
    with pytest.raises(InputError, match='Did you mean "max_shift"'):
        ShiftProtocol.from_dict(dict(max_shif=3))


def test_each_side_of_a_canvas_has_its_own_room():
    test = ShiftProtocol(mode='crop', crop=8, max_shift=2, exhaustive=True)
    canvas = torch.rand(1, 3, 12, 20)
    test.check(12, 20)
    out = test.apply(canvas, np.array([[-2, 2]]))
    assert torch.equal(out, canvas[:, :, :8, 8:16])
    with pytest.raises(InputError, match='off the 11x20'):
        test.check(11, 20)
    across = ShiftProtocol(max_shift=10, axes='x')
    across.check(4, 12)
    with pytest.raises(InputError, match='out of images of 12x4'):
        across.check(12, 4)


def test_images_of_another_size_are_refused():
    with pytest.raises(InputError, match='64x64.*32x32'):
        ShiftProtocol(canvas=32).check(64, 64)
    with pytest.raises(InputError, match='3 images'):
        shift_images(torch.rand(3, 1, 4, 4), [[0, 0]])
