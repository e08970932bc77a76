"""What is done to an image to see which channels notice."""

from functools import partial
from typing import Callable, Optional, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from mmchanpos.errors import InputError

#: What is done to an image (..., H, W); ``None`` leaves it as it is.
Change = Optional[Callable[[Tensor], Tensor]]


def mirror(image: Tensor) -> Tensor:
    """The image flipped from left to right."""
    return image.flip(-1)


def shifted(shift: Sequence[int]) -> Change:
    """A change that rolls an image by rows and columns."""

    def roll(image: Tensor) -> Tensor:
        size = image.shape[-2:]
        if any(abs(by) >= side for by, side in zip(shift, size)):
            raise InputError(
                f'a shift by {tuple(shift)} is no smaller than an image of '
                f'{tuple(size)} pixels.'
            )
        return image.roll(tuple(shift), (-2, -1))

    return roll


def in_cell(image: Tensor, grid: int, cell: int) -> Tensor:
    """The image made small, in one cell of an otherwise empty grid (3.1).

    The other cells are 0: black as in the paper, where images are normalised
    later, as those of a config are.

    Args:
        image (Tensor): (..., H, W), both at least ``grid``.
        grid (int): Cells on each side.
        cell (int): Which one, row by row.

    Example:
        >>> image = torch.tensor([[1, 1, 3, 3]] * 4)[None]
        >>> in_cell(image, grid=2, cell=1)[0]
        tensor([[0, 0, 1, 3],
                [0, 0, 1, 3],
                [0, 0, 0, 0],
                [0, 0, 0, 0]])
    """
    height, width = (side // grid for side in image.shape[-2:])
    if not (height and width):
        raise InputError(
            f'an image of {image.shape[-2]} x {image.shape[-1]} pixels has no '
            f'room for a grid of {grid} x {grid} cells.'
        )
    exact = image if image.is_floating_point() else image.float()
    small = F.adaptive_avg_pool2d(exact, (height, width))
    if not image.is_floating_point():
        small = small.round()
    canvas = torch.zeros_like(image)
    row, column = divmod(cell, grid)
    canvas[
        ...,
        row * height : (row + 1) * height,
        column * width : (column + 1) * width,
    ] = small.to(image.dtype)
    return canvas


def cells(grid: int) -> dict[str, Change]:
    """Changes that put an image into each cell; ``cell_0`` is the top left."""
    if grid < 2:
        raise InputError(f'a grid of {grid} x {grid} cells tells no places.')
    return {
        f'cell_{cell}': partial(in_cell, grid=grid, cell=cell)
        for cell in range(grid**2)
    }
