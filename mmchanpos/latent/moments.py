"""Covariances of a latent and of the places it lies at, in one pass."""

from typing import Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError, choose

from .coordinates import FORMULAS, coordinates
from .sums import Sums

#: What erasers take away, unless asked for something else.
TARGETS = ('x', 'y')


class Moments(Sums):
    """Sums over images and places of latents, targets and their products.

    Targets are names of :data:`~mmchanpos.latent.coordinates.FORMULAS`.

    Example:
        >>> moments = Moments()
        >>> moments.add(torch.rand(2, 5, 4, 4))
        >>> moments.mean.shape, moments.covariance.shape, moments.cross.shape
        ((5,), (5, 5), (5, 2))
    """

    def __init__(
        self,
        targets: Sequence[str] = TARGETS,
        arrays: Optional[dict[str, np.ndarray]] = None,
    ) -> None:
        for name in targets:
            choose(FORMULAS, name, 'targets: there is no position map')
        super().__init__(arrays)
        self.targets = tuple(targets)

    @torch.no_grad()
    def add(self, maps: Tensor) -> None:
        """Count the maps (B, C, H, W) of some images."""
        height, width = maps.shape[2:]
        where = coordinates(height, width)
        targets = np.stack([FORMULAS[n](*where) for n in self.targets], -1)
        y = torch.as_tensor(targets).flatten(0, 1).to(maps.device)
        # Small directions count too, so single precision would not do.
        rows = maps.movedim(1, -1).flatten(1, 2).double()
        parts = {
            'count': np.array(float(len(maps) * height * width)),
            'z': rows.sum((0, 1)),
            'y': y.sum(0) * len(maps),
            'zz': rows.flatten(0, 1).T @ rows.flatten(0, 1),
            'zy': rows.sum(0).T @ y,
            'yy': y.T @ y * len(maps),
        }
        for name, part in parts.items():
            new = torch.as_tensor(part).double().cpu().numpy()
            self.arrays[name] = self.arrays.get(name, np.zeros(())) + new

    def _mean_of(self, name: str) -> np.ndarray:
        if not self.arrays:
            raise InputError('no maps were counted: covariances need some.')
        return self.arrays[name] / self.arrays['count']

    @property
    def mean(self) -> np.ndarray:
        """Mean of the latent, (C,)."""
        return self._mean_of('z')

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of the latent, (C, C)."""
        return self._mean_of('zz') - np.outer(self.mean, self.mean)

    @property
    def cross(self) -> np.ndarray:
        """Covariance of the latent with the targets, (C, T)."""
        return self._mean_of('zy') - np.outer(self.mean, self._mean_of('y'))

    @property
    def of_targets(self) -> np.ndarray:
        """Covariance of the targets, (T, T)."""
        y = self._mean_of('y')
        return self._mean_of('yy') - np.outer(y, y)
