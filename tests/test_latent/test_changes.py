import pytest
import torch

from mmchanpos.errors import InputError
from mmchanpos.latent.changes import cells, in_cell, mirror, shifted

IMAGE = torch.arange(24.0).view(1, 4, 6)


def test_a_mirror_and_a_roll_move_every_pixel_and_change_none():
    assert mirror(IMAGE)[0, 0].tolist() == [5, 4, 3, 2, 1, 0]
    assert torch.equal(mirror(mirror(IMAGE)), IMAGE)
    rolled = shifted((1, -2))(IMAGE)
    assert rolled[0, 1].tolist() == [2, 3, 4, 5, 0, 1]
    assert rolled[0, 0].tolist() == [20, 21, 22, 23, 18, 19]


def test_a_cell_holds_the_means_of_its_image_and_the_rest_is_black():
    wanted = torch.zeros(1, 4, 6)
    # Means of blocks of 2 x 2 pixels.
    wanted[0, 2:, :3] = torch.tensor([[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])
    assert torch.equal(in_cell(IMAGE, grid=2, cell=2), wanted)
    assert IMAGE[0, 0, 1] == 1


def test_whole_numbers_are_rounded_and_stay_what_they_are():
    image = torch.tensor([[[1, 2], [2, 2]]], dtype=torch.uint8).repeat(1, 2, 2)
    found = in_cell(image, grid=4, cell=5)
    assert found.dtype == torch.uint8
    assert found.sum() == found[0, 1, 1] == 2


def test_cells_come_row_by_row():
    found = cells(3)
    assert list(found) == [f'cell_{i}' for i in range(9)]
    image = torch.ones(1, 6, 9)
    whole = sum(change(image) for change in found.values())
    assert torch.equal(whole, image)
    assert found['cell_5'](image)[0, 2:4, 6:].all()


def test_a_grid_needs_cells_and_room_for_them():
    with pytest.raises(InputError, match='tells no places'):
        cells(1)
    with pytest.raises(InputError, match='4 x 6 pixels has no room'):
        in_cell(IMAGE, grid=5, cell=0)


@pytest.mark.parametrize('shift', [(99999, 0), (0, 8), (-8, 0)])
def test_a_shift_beyond_the_image_is_no_shift(shift):
    image = torch.arange(64.0).view(1, 8, 8)
    assert shifted((7, -7))(image)[0, 7, 0] == image[0, 0, 7]
    with pytest.raises(InputError, match='no smaller than an image'):
        shifted(shift)(image)
