"""What one tap keeps of its latents while a pass goes on."""

from typing import Any, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError

from .cell_maps import CellMaps, as_maps, pooled
from .moments import Moments
from .relocated import rolled
from .tap import Latent, Tap, gap, levels, widths

#: Rows that are squares of responses.
SQUARES = ('spread', 'moved', 'placed')


class TapRecord:
    """Looks at latents as they come.

    What can be said of one image alone is a row for each: the pooled latent of
    every variant, and of the maps before they are pooled

    - ``spread``: variance of the map over its places;
    - ``border``: response at the outermost places minus that in the middle,
      scaled so that its square is the variance it explains;
    - ``moved``: mean square change where the same content lies elsewhere, and
      ``placed``: where the same place has another content, of an image that
      was rolled by whole strides.

    What is a sum over images goes into :attr:`maps` and :attr:`moments`.

    Args:
        tap (Tap): Where it looks.
        covariances (Sequence[str]): Position maps whose covariances with
            the latent are counted too, which erasers are made of. Defaults to
            none.
        maps (bool): Whether it looks at maps at all. Defaults to True.

    Attributes:
        widths (tuple[int, ...]): Channels of each level.
        rows (dict[str, Tensor]): Of the last batch, (B, C), until it is kept.
        maps (list[CellMaps]): One per level; empty where the latent has no
            places, or where images of several sizes do not go together.
        moments (list[Moments]): Of two halves of the images, or none.

    Example:
        >>> import torch
        >>> record = TapRecord(Tap('0'))
        >>> z = record.add('plain', torch.rand(2, 3, 8, 8))
        >>> record.plain(z, [0, 1], [True, True])
        >>> record.keep(['a', 'b'])
        >>> {name: rows.shape for name, rows in record.vectors(2).items()}
        {'plain': (2, 3), 'spread': (2, 3), 'border': (2, 3)}
    """

    def __init__(
        self, tap: Tap, covariances: Sequence[str] = (), maps: bool = True
    ) -> None:
        self.tap, self.covariances, self.looks = tap, covariances, maps
        self.widths: tuple[int, ...] = ()
        self.maps: list[CellMaps] = []
        self.moments: list[Moments] = []
        self.rows: dict[str, Tensor] = {}
        self._kept: dict[str, list[np.ndarray]] = {}
        self._last: Optional[list[Tensor]] = None
        self._usable = True

    def add(self, variant: str, output: Any) -> Latent:
        """Pool the latent that the module gave for a batch, and return it."""
        latent = self.tap.pick(output)
        self.widths = widths(latent, self.tap.channel_dim)
        self.rows[variant] = gap(latent, self.tap.channel_dim)
        return latent

    def keep(self, names: Sequence[str]) -> None:
        """Keep the rows of a batch, if its images have one each."""
        for name, rows in self.rows.items():
            if rows.shape[0] != len(names):
                raise InputError(
                    f'{len(names)} images went in, but the latent has '
                    f'{rows.shape[0]} rows; does the tap lie behind a step '
                    'that cuts images up?'
                )
            bad = ~torch.isfinite(rows).all(dim=1)
            if bad.any():
                raise InputError(
                    f'the latent of "{names[int(bad.nonzero()[0])]}" holds '
                    'NaN or infinity; look at the checkpoint and at that '
                    'image.'
                )
            self._kept.setdefault(name, []).append(rows.float().cpu().numpy())
        self.rows = {}

    def vectors(self, images: int) -> dict[str, np.ndarray]:
        """Rows (n, C) by name, of what all n images have."""
        found = {name: np.concatenate(b) for name, b in self._kept.items()}
        return {k: rows for k, rows in found.items() if len(rows) == images}

    def plain(
        self,
        latent: Latent,
        index: Sequence[int],
        fresh: Sequence[bool],
        keep: bool = False,
    ) -> None:
        """Count the latents of images as they are.

        Args:
            latent (Tensor | tuple[Tensor, ...]): Of a batch.
            index (Sequence[int]): Place of each image in the data set.
            fresh (Sequence[bool]): Whether each is to be counted, as
                another process may have it too.
            keep (bool): Until the same images come rolled. Defaults to False.
        """
        maps = self._as_maps(latent)
        if maps is None:
            return
        chosen = [i for i, new in enumerate(fresh) if new]
        if self._usable:
            self._count([m[chosen] for m in maps], [index[i] for i in chosen])
        self._last = [m.clone() for m in maps] if keep else None
        self.rows['spread'] = torch.cat([_spread(m) for m in maps], 1)
        self.rows['border'] = torch.cat([_border(m) for m in maps], 1)

    def _count(self, maps: list[Tensor], index: list[int]) -> None:
        # Of nothing too: what was counted elsewhere is merged with it.
        self.maps = self.maps or [CellMaps() for _ in maps]
        if self.covariances and len(maps) == 1 and not self.moments:
            self.moments = [Moments(self.covariances) for _ in range(2)]
        try:
            for cells, level in zip(self.maps, maps if index else ()):
                cells.add(level, index)
        except InputError:  # of another size than those before
            self.maps, self.moments, self._usable = [], [], False
        for half, moments in enumerate(self.moments):
            mine = [i for i, n in enumerate(index) if n % 2 == half]
            if mine:
                moments.add(pooled(maps[0][mine]).float())

    def rolled(self, latent: Latent, shares: Sequence[float]) -> None:
        """Compare with the same images rolled by shares of their sides.

        There are no rows where that is no whole number of places everywhere.
        """
        maps, last = self._as_maps(latent), self._last
        self._last = None
        same = [rolled(before, shares) for before in last or ()]
        known = [s for s in same if s is not None]
        if maps is None or last is None or len(known) < len(last):
            return
        for name, others in (('moved', known), ('placed', last)):
            rows = [_square(now - other) for now, other in zip(maps, others)]
            self.rows[name] = torch.cat(rows, 1)

    def _as_maps(self, latent: Latent) -> Optional[list[Tensor]]:
        dim = self.tap.channel_dim
        maps = [as_maps(level, dim) for level in levels(latent) if self.looks]
        known = [m for m in maps if m is not None]
        return known if known and len(known) == len(maps) else None


def _spread(maps: Tensor) -> Tensor:
    return maps.flatten(2).var(dim=2, correction=0).double()


def _square(change: Tensor) -> Tensor:
    return change.square().flatten(2).mean(dim=2, dtype=torch.float64)


def _border(maps: Tensor) -> Tensor:
    height, width = maps.shape[2:]
    inner = maps[..., 1:-1, 1:-1]
    count, inside = height * width, inner[0, 0].numel()
    if inside == 0:
        return maps.new_zeros(maps.shape[:2], dtype=torch.float64)
    total = maps.flatten(2).sum(2, dtype=torch.float64)
    middle = inner.flatten(2).sum(2, dtype=torch.float64)
    ring = (total - middle) / (count - inside)
    share = inside / count
    return (share * (1 - share)) ** 0.5 * (ring - middle / inside)
