"""How far latents move under shifts, whatever their scale."""

from typing import Optional

import numpy as np
import torch
from torch import Tensor


class LatentSpread:
    """How far latents move under shifts, compared with other images.

    Plain latent MSE can be lowered by shrinking every feature. The scale-free
    invariance divides it by what two different images differ by:
    1 - MSE(shifts of one image) / MSE(different images).

    Args:
        count (int): How many shifts are taken of every image.

    Example:
        >>> spread = LatentSpread(2)
        >>> for z in ([[0.], [4.]], [[1.], [5.]]):
        ...     spread.add(torch.tensor(z))
        >>> spread.close()
        >>> result = latent_scores(*spread.sums(), count=2)
        >>> round(result['latent_mse'], 6), round(result['invariance'], 3)
        (1.0, 0.939)
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.means: list[np.ndarray] = []
        self.squares: list[np.ndarray] = []
        self._sums: Optional[Tensor] = None

    def add(self, latents: Tensor) -> None:
        """Take the latents of the current images, (B, C), under one shift."""
        latents = latents.double()
        both = torch.stack([latents, latents**2])
        self._sums = both if self._sums is None else self._sums.add_(both)

    def close(self) -> None:
        """Finish the current images, whose shifts have all been added."""
        if self._sums is None:
            return
        mean, square = self._sums.cpu().numpy() / self.count
        self.means.append(mean)
        self.squares.append(square.mean(1))
        self._sums = None

    def sums(
        self, keep: Optional[np.ndarray] = None
    ) -> tuple[int, np.ndarray, float, float]:
        """Number of images, sum of means (C,), of their squares, of squares.

        Sums of several processes are added element by element, and
        :func:`latent_scores` follow from them.

        Args:
            keep (np.ndarray, optional): Mask of the images to count, (n,).
        """
        kept = slice(None) if keep is None else keep
        means = np.concatenate(self.means)[kept]
        squares = np.concatenate(self.squares)[kept]
        return (
            len(means),
            means.sum(0),
            float((means**2).mean(1).sum()),
            float(squares.sum()),
        )


def latent_scores(
    images: int,
    mean_sum: np.ndarray,
    mean_square: float,
    square: float,
    count: int,
    distinct: bool = True,
) -> dict[str, float]:
    """Latent MSE between shifts, and its scale-free form.

    Args:
        images (int): n.
        mean_sum (np.ndarray): Sum over images of their mean latent, (C,).
        mean_square (float): Sum over images of its mean square.
        square (float): Sum over images and mean over shifts of mean squares.
        count (int): Shifts per image.
        distinct (bool): As of :func:`~mmchanpos.shift.agreement`: False of
            a whole grid, whose spread is no estimate. Defaults to True.

    Returns:
        dict[str, float]: ``latent_mse`` and ``invariance``; NaN where there
        is one shift or one image alone.
    """
    mse, invariance = 2 * max(square - mean_square, 0) / images, float('nan')
    if distinct:
        mse = mse * count / (count - 1) if count > 1 else float('nan')
    if images > 1:
        cross = ((mean_sum**2).mean() - mean_square) / (images * (images - 1))
        others = 2 * square / images - 2 * cross
        if others > 0:
            invariance = float(1 - mse / others)
    return dict(latent_mse=mse, invariance=invariance)
