"""Put a patch into one cell of a grid and ask where it is, or what it is."""

from numbers import Integral
from typing import Any, Optional, Sequence, Union

import numpy as np
from mmcv.transforms import BaseTransform

from mmchanpos.errors import InputError, one_of
from mmchanpos.registry import TRANSFORMS
from mmchanpos.shift.shifts import mix

TASKS = ('location', 'object')
CANVASES = ('mean', 'black')
PLACES = ('random', 'seeded')


@TRANSFORMS.register_module()
class PlaceOnGrid(BaseTransform):
    """Place the image in a cell of an n x n canvas (Sec. 3.1).

    **Required Keys:** ``img`` (H, W, C), ``gt_label``, ``sample_idx``; if
    there is a ``location``, that cell is used.

    **Modified Keys:** ``img`` (n * H, n * W, C), float32 on the mean canvas;
    ``img_shape``; for the location task ``gt_label``, the cell counted row by
    row.

    **Added Keys:** ``location``.

    A whole batch from :class:`~mmchanpos.datasets.ArrayDataset` is placed at
    once, and equally.

    Args:
        grid (int): n; the canvas has n x n cells.
        task (str): ``'location'`` makes the cell the target, ``'object'``
            keeps the class. Defaults to ``'location'``.
        canvas (str): Colour of the empty cells: ``'mean'``, which is exactly
            0 after the data preprocessor (as the authors' code), or
            ``'black'`` (as the paper says). Defaults to ``'mean'``.
        mean (Sequence[float], optional): ``mean`` of the data preprocessor,
            in the order of the image's channels; for the mean canvas.
        where (str | int): ``'random'`` draws a cell whenever an image is
            read, for training; ``'seeded'`` gives every image always the
            same one, for testing; a number is that cell. Defaults to
            ``'random'``.
        seed (int): For ``where='seeded'``. Defaults to 0.
        cell (tuple[int, int], optional): Height and width of a cell, the
            patch in its middle. Defaults to the size of the patch.

    Example:
        >>> place = PlaceOnGrid(grid=2, canvas='black', where=1)
        >>> image = np.full((1, 2, 3), 7, np.uint8)
        >>> placed = place(dict(img=image, gt_label=5, sample_idx=0))
        >>> placed['img'][..., 0]
        array([[0, 0, 7, 7],
               [0, 0, 0, 0]], dtype=uint8)
        >>> placed['gt_label']
        1
    """

    def __init__(
        self,
        grid: int,
        task: str = 'location',
        canvas: str = 'mean',
        mean: Optional[Sequence[float]] = None,
        where: Union[str, int] = 'random',
        seed: int = 0,
        cell: Optional[tuple[int, int]] = None,
    ) -> None:
        if not isinstance(grid, Integral) or grid < 1:
            raise InputError(
                f'grid={grid!r}: the canvas has grid x grid cells, so a whole '
                'number from 1 on was wanted, e.g. 3, 5 or 7.'
            )
        one_of(TASKS, task, 'there is no task')
        one_of(CANVASES, canvas, 'there is no canvas')
        if canvas == 'mean' and mean is None:
            raise InputError(
                "canvas='mean' needs mean=[...], the same as in the data "
                "preprocessor; or use canvas='black'."
            )
        if isinstance(where, Integral):
            if not 0 <= where < grid * grid:
                raise InputError(
                    f'where={where} is no cell of a {grid}x{grid} canvas: '
                    f'they are 0 to {grid * grid - 1}.'
                )
        else:
            one_of(PLACES, where, 'where: there is no place')
        self.grid = int(grid)
        self.task = task
        self.canvas = canvas
        self.mean = None if mean is None else np.asarray(mean, np.float32)
        self.where = where
        self.seed = seed
        self.cell = None if cell is None else tuple(cell)

    @property
    def num_classes(self) -> Optional[int]:
        """How many targets the location task has; None for objects."""
        return self.grid**2 if self.task == 'location' else None

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Place one image (H, W, C)."""
        batch = {'img': results['img'][None]}
        for key in ('sample_idx', 'location'):
            if key in results:
                batch[key] = np.asarray(results[key])[None]
        placed = self.transform_batch(batch)
        results['img'] = placed['img'][0]
        results['img_shape'] = results['img'].shape[:2]
        results['location'] = int(placed['location'][0])
        if self.task == 'location':
            results['gt_label'] = results['location']
        return results

    def transform_batch(self, results: dict[str, Any]) -> dict[str, Any]:
        """Place a stacked batch (B, H, W, C)."""
        images = results['img']
        locations = results.get('location')
        if locations is None:
            locations = self._locate(len(images), results.get('sample_idx'))
        results['img'] = self._place(images, locations)
        results['location'] = locations
        if self.task == 'location':
            results['gt_label'] = locations
        return results

    def check(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """Refuse patches that a cell cannot hold.

        Args:
            shape (tuple[int, ...]): (H, W, C) of the patches.

        Returns:
            tuple[int, int]: Height and width of a cell.
        """
        if len(shape) != 3:
            raise InputError(
                f'a patch of shape {tuple(shape)}: (H, W, C) was wanted, for '
                'a grey one (H, W, 1).'
            )
        height, width = self.cell or shape[:2]
        if shape[0] > height or shape[1] > width:
            raise InputError(
                f'a patch of {shape[0]}x{shape[1]} pixels does not fit into a '
                f'cell of {height}x{width}: make cell=({shape[0]}, '
                f'{shape[1]}) or larger, or leave it away.'
            )
        if self.canvas == 'mean' and len(self.mean) not in (1, shape[2]):
            raise InputError(
                f'the images have {shape[2]} channels, but mean has '
                f'{len(self.mean)} values.'
            )
        return height, width

    def _place(self, images: np.ndarray, locations: np.ndarray) -> np.ndarray:
        rows, cols = self.check(images.shape[1:])
        count, height, width, channels = images.shape
        n = self.grid
        # Channels lie first in memory, as the model wants them, so packing
        # the sample need not copy the canvas.
        shape = (count, channels, n, rows, n, cols)
        if self.canvas == 'mean':
            canvas = np.empty(shape, np.float32)
            canvas[:] = self.mean.reshape(-1, 1, 1, 1, 1)
        else:
            canvas = np.zeros(shape, images.dtype)
        top, left = (rows - height) // 2, (cols - width) // 2
        cells = canvas[..., top : top + height, :, left : left + width]
        row, col = np.divmod(locations, n)
        cells[np.arange(count), :, row, :, col] = images.transpose(0, 3, 1, 2)
        canvas = canvas.reshape(count, channels, n * rows, n * cols)
        return canvas.transpose(0, 2, 3, 1)

    def _locate(self, count: int, indices: Optional[np.ndarray]) -> np.ndarray:
        cells = self.grid**2
        if self.where == 'random':
            return np.random.randint(cells, size=count)
        if self.where == 'seeded':
            if indices is None:
                raise InputError(
                    "where='seeded' draws by sample_idx, which the samples "
                    'of this data set do not have.'
                )
            return seeded_cells(np.asarray(indices), cells, self.seed)
        return np.full(count, self.where)

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(grid={self.grid}, task={self.task!r}, '
            f'canvas={self.canvas!r}, where={self.where!r})'
        )


def seeded_cells(indices: np.ndarray, cells: int, seed: int) -> np.ndarray:
    """Draw a cell for every sample from its number and a seed alone.

    The draw is a hash of the two, so it depends neither on the batch a
    sample is in nor on the process that reads it.

    Args:
        indices (np.ndarray): Numbers of the samples, (B, ).
        cells (int): How many cells there are.
        seed (int): Another seed, another draw.

    Returns:
        np.ndarray: Cells (B, ), int64.

    Example:
        >>> seeded_cells(np.array([7, 8, 9]), cells=9, seed=0).tolist()
        [5, 0, 5]
        >>> seeded_cells(np.array([9]), cells=9, seed=0).tolist()
        [5]
    """
    bits = mix(mix(np.uint64(seed % 2**64)) ^ indices.astype(np.uint64))
    return (bits % np.uint64(cells)).astype(np.int64)
