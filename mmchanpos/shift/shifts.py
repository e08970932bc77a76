"""Apply shifts to images, each image its own, and draw them from a hash.

The same function makes the views of AugShift training and the pictures of
every consistency test, so both mean the same thing by "shift".
"""

from itertools import product
from typing import Any, Optional, Sequence, Union

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError, nearest
from mmchanpos.reflection import mirrored

#: How pixels that enter the picture are made.
MODES = ('crop', 'zero', 'reflect', 'replicate', 'circular')


def shift_images(
    images: Tensor,
    shifts: Union[Tensor, np.ndarray, Sequence],
    mode: str = 'zero',
    crop: Optional[tuple[int, int]] = None,
    start: tuple[int, int] = (0, 0),
    fill: Optional[Tensor] = None,
) -> Tensor:
    """Shift every image of a batch by its own offset.

    A shift (dy, dx) moves the content down by dy and right by dx. In mode
    ``crop`` the picture holds real content on all sides: the window moves up
    and left instead, which has the same effect on what is inside.

    A fractional shift interpolates: by Fourier phases in mode ``circular``,
    where this is exact for a band-limited picture, else linearly. Images of
    integers have nothing in between and are refused.

    Args:
        images (Tensor): Images, shape (B, C, H, W).
        shifts (Tensor): Offsets (dy, dx), shape (B, 2).
        mode (str): One of :data:`MODES`. Defaults to ``'zero'``.
        crop (tuple[int, int], optional): Height and width of the window in
            mode ``crop``.
        start (tuple[int, int]): Upper left corner of the unshifted window in
            mode ``crop``. Defaults to (0, 0).
        fill (Tensor, optional): What mode ``zero`` fills in, shape
            (C,), for instance black after normalisation. Defaults to 0.

    Returns:
        Tensor: Shifted images, shape (B, C, H, W), or (B, C, *crop).

    Example:
        >>> image = torch.arange(4.).view(1, 1, 1, 4)
        >>> shift_images(image, [[0, 1]], 'zero').flatten().tolist()
        [0.0, 0.0, 1.0, 2.0]
        >>> shift_images(image, [[0, 1]], 'circular').flatten().tolist()
        [3.0, 0.0, 1.0, 2.0]
        >>> shift_images(image, [[0, 1]], 'reflect').flatten().tolist()
        [1.0, 0.0, 1.0, 2.0]
        >>> shift_images(image, [[0, -1]], 'crop', (1, 3)).flatten().tolist()
        [1.0, 2.0, 3.0]
    """
    check_mode(mode)
    # Places are worked out on the CPU, wherever the images are.
    shifts = torch.as_tensor(shifts, dtype=torch.float64, device='cpu')
    if shifts.shape != (len(images), 2):
        raise InputError(
            f'Shifts of shape {tuple(shifts.shape)} do not fit '
            f'{len(images)} images: ({len(images)}, 2) was wanted.'
        )
    whole = shifts.floor()
    if bool((shifts != whole).any()):
        if not images.is_floating_point():
            raise InputError(
                f'A shift by a fraction of a pixel of images of {images.dtype}'
                ': floating-point images, as by images.float(), were wanted.'
            )
        part = (shifts - whole).to(images.device, images.dtype)
        if mode == 'circular':
            return _fourier(images, shifts)
        return _bilinear(images, whole, part, mode, crop, start, fill)

    same = len(whole) > 0 and bool((whole == whole[:1]).all())
    if same and mode in ('zero', 'circular') and crop is None:
        dy, dx = whole[0].int().tolist()
        return _together(images, dy, dx, mode, fill)
    lengths = images.shape[-2:]
    # A window that moves against the content shows the content moving.
    (rows, below), (cols, beside) = (
        _sources(torch.arange(first, first + size) - moved, length, mode)
        for first, size, moved, length in zip(
            start, crop or lengths, whole.long().T[..., None], lengths
        )
    )
    rows, cols = rows.to(images.device), cols.to(images.device)
    each = torch.arange(len(images), device=images.device)
    # Indices around a slice put the channel last: (B, H, W, C).
    out = images[each[:, None, None], :, rows[:, :, None], cols[:, None]]
    out = out.permute(0, 3, 1, 2)
    if bool(below.all()) and bool(beside.all()):
        return out.contiguous()
    blank = images.new_zeros(()) if fill is None else fill.view(1, -1, 1, 1)
    inside = (below[:, :, None] & beside[:, None])[:, None].to(images.device)
    return torch.where(inside, out, blank.to(out)).contiguous()


def _together(images, dy, dx, mode, fill):
    """One shift for all moves a block, about ten times as fast."""
    if mode == 'circular':
        return images.roll((dy, dx), (2, 3)).contiguous()
    out = images.new_zeros(images.shape)
    if fill is not None:
        out += fill.view(1, -1, 1, 1).to(out)
    to, come = moved_block((dy, dx), images.shape[-2:])
    out[to] = images[come]
    return out


def moved_block(shift: Sequence[int], size: Sequence[int]) -> tuple[Any, Any]:
    """What a shift by whole pixels leaves in the picture.

    Args:
        shift (Sequence[int]): Offset (dy, dx).
        size (Sequence[int]): Height and width.

    Returns:
        tuple[Any, Any]: Where it lies after the shift and where it lay
        before, as indices of maps (..., H, W).

    Example:
        >>> to, come = moved_block((0, 1), (1, 4))
        >>> torch.arange(4.0).view(1, 4)[come].tolist()
        [[0.0, 1.0, 2.0]]
    """
    to, come = zip(*(_ends(step, length) for step, length in zip(shift, size)))
    return (Ellipsis, *to), (Ellipsis, *come)


def _ends(step: int, length: int) -> tuple[slice, slice]:
    """Where content of a line goes, and where it comes from."""
    ahead, back = min(max(step, 0), length), min(max(-step, 0), length)
    return slice(ahead, length - back), slice(back, length - ahead)


def _sources(at: Tensor, length: int, mode: str) -> tuple[Tensor, Tensor]:
    """Where in a line positions outside of it come from, and if it is real."""
    valid = torch.ones_like(at, dtype=torch.bool)
    if mode == 'circular':
        return at % length, valid
    if mode == 'reflect':
        return mirrored(at, length), valid
    if mode in ('zero', 'crop'):
        valid = (at >= 0) & (at < length)
        if mode == 'crop' and not bool(valid.all()):
            raise InputError(
                f'A window at {int(at.min())}..{int(at.max())} leaves the '
                f'canvas of {length} pixels. Give a smaller shift or a '
                'larger canvas.'
            )
    return at.clamp(0, length - 1), valid


def check_mode(mode: str) -> None:
    """Refuse a mode that is none of :data:`MODES`."""
    if mode not in MODES:
        raise InputError(f'Shift mode "{mode}". {nearest(mode, MODES)}')


def _fourier(images: Tensor, shifts: Tensor) -> Tensor:
    height, width = images.shape[-2:]
    shifts = shifts.to(images.device)
    how: dict[str, Any] = dict(dtype=torch.float64, device=images.device)
    down = torch.fft.fftfreq(height, **how) * shifts[:, :1]
    right = torch.fft.rfftfreq(width, **how) * shifts[:, 1:]
    turns = (down[:, :, None] + right[:, None])[:, None]
    phase = torch.polar(torch.ones_like(turns), -2 * torch.pi * turns)
    waves = torch.fft.rfft2(images.double()) * phase
    return torch.fft.irfft2(waves, s=(height, width)).to(images.dtype)


def _bilinear(images, whole, part, *how):
    out = 0
    for corner in product((0, 1), repeat=2):
        step = torch.tensor(corner)
        weight = (1 - step.to(part) - part).abs().prod(1).view(-1, 1, 1, 1)
        # A neighbour of weight 0 may lie off the canvas: stay at home.
        at = whole + step * (part != 0).cpu()
        out = out + weight * shift_images(images, at, *how)
    return out


def hashed(seed: int, *counters: np.ndarray) -> np.ndarray:
    """Random 64 bits that depend on the seed and the counters alone.

    Draws made of them do not change with batch size, order of the images or
    number of processes, and need no state to be saved for a resumed run.

    Args:
        seed (int): The seed.
        *counters (np.ndarray): Integers, such as sample index and number of
            the draw; they broadcast against one another.

    Example:
        >>> draws = hashed(0, np.arange(3), 5)
        >>> bool((draws[1] == hashed(0, 1, 5)).all())
        True
    """
    state = mix(np.asarray(seed % 2**64, np.uint64))
    for counter in counters:
        counter = np.asarray(counter).astype(np.int64).astype(np.uint64)
        state = mix(state ^ mix(counter))
    return state


def mix(bits: np.ndarray) -> np.ndarray:
    """Scramble 64 bits, one to one: a step of the splitmix64 generator."""
    with np.errstate(over='ignore'):
        bits = np.asarray(bits, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return bits ^ (bits >> np.uint64(31))
