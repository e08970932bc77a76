"""One consistency test, written down: which shifts, and what is compared."""

from dataclasses import asdict, dataclass
from typing import Any, Optional

import numpy as np
import torch

from mmchanpos.errors import InputError, nearest

from .shifts import check_mode, hashed, shift_images

_CHOICES = {
    'pair': ('two', 'original'),
    'range': ('halfopen', 'signed', 'inclusive'),
    'anchor': ('topleft', 'center'),
    'axes': ('xy', 'x', 'y', 'diagonal'),
    'draw_per': ('sample', 'batch'),
    'fill_space': ('raw', 'normalised'),
}


@dataclass(frozen=True)
class ShiftProtocol:
    """How images are shifted and which predictions must agree.

    Consistency is the expectation, over images and shifts s1 and s2, of
    1[argmax f(S_s1 x) = argmax f(S_s2 x)]; everything that published metrics
    of this name differ in is a field here.

    Args:
        mode (str): ``crop``, ``zero``, ``reflect``, ``replicate`` or
            ``circular``. Defaults to ``'zero'``.
        max_shift (float): N, the largest shift, a multiple of ``step``.
            Defaults to 8.
        pair (str): Compare ``two`` shifts, or a shift with the ``original``.
        range (str): ``halfopen`` 0..N-1, ``signed`` -N..N-1 (both as numpy's
            ``randint``) or ``inclusive`` -N..N. Defaults to ``'inclusive'``.
        anchor (str): In mode ``crop``, where shift 0 cuts its window:
            ``topleft`` or ``center``.
        axes (str): ``xy``, ``x``, ``y`` or ``diagonal``.
        step (float): Distance of neighbouring shifts; 0.5 tests half pixels.
        agree (int): How many shifts must share one label. Defaults to 2.
        num_shifts (int): Shifts drawn for an image. Defaults to 8.
        exhaustive (bool): Take every shift of the grid instead of draws.
        exclude_identical (bool): Never compare a shift with itself; of two
            shifts.
        draw_per (str): Draw for every ``sample``, or once for a ``batch``
            of consecutive samples, as most published code does.
        batch (int): Size of such a batch; it is a number of samples, so the
            result does not depend on how the data are loaded.
        fill_space (str): Whether ``zero`` is black before (``raw``) or zero
            after normalisation (``normalised``).
        canvas (int, optional): Side of the images that the test expects.
        crop (int, optional): Side of the window in mode ``crop``.
        seed (int): Seed of the draws. Defaults to 0.

    Example:
        >>> test = ShiftProtocol(mode='circular', max_shift=1)
        >>> len(test.grid())
        9
        >>> test.draw(np.array([4, 7])).shape
        (2, 8, 2)
        >>> ShiftProtocol(max_shift=40, canvas=32)
        Traceback (most recent call last):
        ...
        mmchanpos.errors.InputError: A shift of 40 pixels ...
    """

    mode: str = 'zero'
    max_shift: float = 8
    pair: str = 'two'
    range: str = 'inclusive'
    anchor: str = 'center'
    axes: str = 'xy'
    step: float = 1
    agree: int = 2
    num_shifts: int = 8
    exhaustive: bool = False
    exclude_identical: bool = False
    draw_per: str = 'sample'
    batch: int = 256
    fill_space: str = 'raw'
    canvas: Optional[int] = None
    crop: Optional[int] = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_mode(self.mode)
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise InputError(
                    f'{name}="{value}" in a shift test. '
                    f'{nearest(value, choices)}'
                )
        for name in ('max_shift', 'step', 'num_shifts', 'batch'):
            if getattr(self, name) <= 0:
                raise InputError(
                    f'{name}={getattr(self, name)} in a shift test: a number '
                    'above 0 was wanted.'
                )
        steps = self.max_shift / self.step
        if abs(steps - round(steps)) > 1e-9 * steps:
            raise InputError(
                f'max_shift={self.max_shift:g} with step={self.step:g} in a '
                'shift test: a multiple of the step was wanted.'
            )
        if self.agree < 2:
            raise InputError(f'agree={self.agree}: at least 2 was wanted.')
        few = self.pair == 'two' and self.num_shifts < self.agree
        if few and not self.exhaustive:
            raise InputError(
                f'num_shifts={self.num_shifts} is too few to compare '
                f'{self.agree} shifts: at least {self.agree} were wanted.'
            )
        if self.mode == 'crop' and not self.crop:
            raise InputError(
                'Mode "crop" needs crop=, the side of the window that the '
                'network sees, for instance 224.'
            )
        if self.exclude_identical:
            self._check_different()
        if self.canvas:
            self.check(self.canvas, self.canvas)

    def _check_different(self) -> None:
        if self.pair == 'original':
            raise InputError(
                'exclude_identical=True is for pair="two": with "original" '
                'every shift has one partner, and that is no shift.'
            )
        cells = len(self.grid())
        name = 'agree' if self.exhaustive else 'num_shifts'
        if cells < getattr(self, name):
            raise InputError(
                f'{getattr(self, name)} different shifts of {cells}: lower '
                f'{name} or raise max_shift.'
            )

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> 'ShiftProtocol':
        """Build from a config or from JSON, naming what is misspelt."""
        known = cls.__dataclass_fields__
        for name in fields:
            if name not in known:
                raise InputError(
                    f'A shift test has no "{name}". {nearest(name, known)}'
                )
        return cls(**fields)

    @classmethod
    def for_views(
        cls,
        num_views: int,
        max_shift: int,
        mode: str = 'zero',
        crop: Optional[int] = None,
    ) -> 'ShiftProtocol':
        """The shifts that views of a training image are drawn from.

        Args:
            num_views (int): Views per image.
            max_shift (int): N: shifts of -N..N, or, in mode ``crop``, windows
                at offsets of 0..N from the upper left corner.
            mode (str): One of :data:`~mmchanpos.shift.MODES`.
            crop (int, optional): Side of the window in mode ``crop``.

        Example:
            >>> ShiftProtocol.for_views(2, 4).describe()
            'zero, -4..4 in xy, against the original, 2 per sample'
        """
        fields: dict[str, Any] = dict(
            mode=mode, crop=crop, num_shifts=num_views, pair='original'
        )
        if mode == 'crop':
            fields.update(range='halfopen', anchor='topleft')
            max_shift = max_shift + 1
        return cls(max_shift=max_shift, **fields)

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain values, for JSON and for reports."""
        return asdict(self)

    def describe(self) -> str:
        """The test in one line.

        Example:
            >>> ShiftProtocol(mode='circular', exhaustive=True).describe()
            'circular, -8..8 in xy, two shifts, all 289'
        """
        grid = self.grid()
        how = f'{self.num_shifts} per {self.draw_per}'
        if self.exhaustive:
            how = f'all {len(grid)}'
        against = f'{self.agree} shifts' if self.agree > 2 else 'two shifts'
        if self.pair == 'original':
            against = 'against the original'
        ends = f'{grid.min():g}..{grid.max():g}'
        return f'{self.mode}, {ends} in {self.axes}, {against}, {how}'

    def grid(self) -> np.ndarray:
        """Every shift of the test, offsets (dy, dx), shape (S, 2)."""
        steps = int(round(self.max_shift / self.step))
        first = 0 if self.range == 'halfopen' else -steps
        line = np.arange(first, steps + (self.range == 'inclusive'))
        line = np.asarray(line * self.step)
        if self.axes == 'diagonal':
            return np.stack([line, line], 1)
        still = np.zeros_like(line[:1])
        down = still if self.axes == 'x' else line
        right = still if self.axes == 'y' else line
        grid = np.stack(np.meshgrid(down, right, indexing='ij'), -1)
        return grid.reshape(-1, 2)

    def draw(self, indices: np.ndarray) -> np.ndarray:
        """Shifts of the given samples.

        Args:
            indices (np.ndarray): Sample indices in the data set, shape (B,).

        Returns:
            np.ndarray: Offsets (dy, dx), shape (B, K, 2), where K is the
            size of the grid if ``exhaustive``, else ``num_shifts``.
        """
        indices = np.asarray(indices, np.int64)
        grid = self.grid()
        if self.exhaustive:
            return np.repeat(grid[None], len(indices), 0)
        if self.draw_per == 'batch':
            indices = indices // self.batch
        if self.exclude_identical:
            keys = hashed(self.seed, indices[:, None], np.arange(len(grid)))
            return grid[np.argsort(keys, 1)[:, : self.num_shifts]]
        keys = hashed(self.seed, indices[:, None], np.arange(self.num_shifts))
        return grid[(keys % np.uint64(len(grid))).astype(np.int64)]

    def check(self, height: int, width: int) -> None:
        """Refuse images of a size on which the test cannot be run."""
        if self.canvas and (height, width) != (self.canvas, self.canvas):
            raise InputError(
                f'The data set gives images of {height}x{width}, but this '
                f'shift test is defined on {self.canvas}x{self.canvas} '
                f'({self.describe()}). Choose a preset for this size, or '
                'change the size in the pipeline.'
            )
        grid = self.grid()
        sides = np.array([height, width])
        if self.mode == 'crop':
            windows = grid + self._start(height, width)
            room = sides - self.crop
            if (windows < 0).any() or (windows > room).any():
                raise InputError(
                    f'Shifts of {grid.min():g}..{grid.max():g} pixels from '
                    f'the {self.anchor} move a {self.crop} window off the '
                    f'{height}x{width} canvas, which leaves room for '
                    f'{max(room.min(), 0)} pixels.'
                )
        elif (np.abs(grid) >= sides).any():
            raise InputError(
                f'A shift of {np.abs(grid).max():g} pixels moves everything '
                f'out of images of {height}x{width}: at most '
                f'{sides.min() - 1} was wanted.'
            )

    def apply(
        self,
        images: torch.Tensor,
        shifts: np.ndarray,
        black: Optional[torch.Tensor] = None,
    ) -> torch.Tensor:
        """Shift images as the test says.

        Args:
            images (torch.Tensor): Normalised images, shape (B, C, H, W).
            shifts (np.ndarray): Offsets (dy, dx), shape (B, 2).
            black (torch.Tensor, optional): What a black pixel is after
                normalisation, shape (C,). Defaults to zeros.

        Returns:
            torch.Tensor: Shape (B, C, H, W), or (B, C, crop, crop).
        """
        fill = black if self.fill_space == 'raw' else None
        if self.mode != 'crop':
            return shift_images(images, shifts, self.mode, fill=fill)
        # Published crop tests name the corner of the window, which moves
        # against the content.
        return shift_images(
            images,
            -np.asarray(shifts),
            'crop',
            crop=(self._side, self._side),
            start=self._start(*images.shape[-2:]),
        )

    def unshifted(self, images: torch.Tensor) -> torch.Tensor:
        """The images as they are, or their centre in mode ``crop``.

        The centre is what accuracy is reported on, wherever the windows of
        the test are anchored.
        """
        if self.mode != 'crop':
            return images
        side = self._side
        top, left = ((size - side) // 2 for size in images.shape[-2:])
        return images[..., top : top + side, left : left + side]

    @property
    def _side(self) -> int:
        # Mode crop has one, as was checked.
        return int(self.crop or 0)

    def _start(self, height: int, width: int) -> tuple[int, int]:
        if self.anchor == 'topleft':
            return 0, 0
        return (height - self._side) // 2, (width - self._side) // 2
