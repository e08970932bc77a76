"""What one tap keeps of its unpooled maps while a pass goes on."""

from typing import Optional, Sequence

import torch
from torch import Tensor

from mmchanpos.errors import InputError

from .cell_maps import CellMaps, as_maps, pooled
from .moments import Moments
from .relocated import rolled
from .tap import Latent, levels

#: Rows that are squares of responses.
SQUARES = ('spread', 'moved', 'placed')


class MapRecord:
    """Looks at latents as they come, before they are pooled.

    What can be said of one image alone is given back as rows, to be kept
    beside the pooled latent:

    - ``spread``: variance of the map over its places;
    - ``border``: response at the outermost places minus that in the middle,
      scaled so that its square is the variance it explains;
    - ``moved``: mean square change where the same content lies elsewhere, and
      ``placed``: where the same place has another content, of an image that
      was rolled by whole strides.

    What is a sum over images goes into :attr:`maps` and :attr:`moments`.

    Args:
        channel_dim (int): Axis of the channels. Defaults to 1.
        covariances (Sequence[str]): Position maps whose covariances with
            the latent are counted too, which erasers are made of. Defaults to
            none.

    Attributes:
        maps (list[CellMaps]): One per level; empty where the latent has no
            places, or where images of several sizes do not go together.
        moments (list[Moments]): Of two halves of the images, or none.

    Example:
        >>> import torch
        >>> record = MapRecord()
        >>> rows = record.plain(torch.rand(2, 3, 8, 8), [0, 1], [True, True])
        >>> sorted(rows), rows['border'].shape
        (['border', 'spread'], torch.Size([2, 3]))
    """

    def __init__(
        self, channel_dim: int = 1, covariances: Sequence[str] = ()
    ) -> None:
        self.channel_dim = channel_dim
        self.covariances = covariances
        self.maps: list[CellMaps] = []
        self.moments: list[Moments] = []
        self._last: Optional[list[Tensor]] = None
        self._usable = True

    def plain(
        self,
        latent: Latent,
        index: Sequence[int],
        fresh: Sequence[bool],
        keep: bool = False,
    ) -> dict[str, Tensor]:
        """Count the latents of images as they are; gives rows (B, C).

        Args:
            latent (Tensor | tuple[Tensor, ...]): Of a batch.
            index (Sequence[int]): Place of each image in the data set.
            fresh (Sequence[bool]): Whether each is to be counted, as
                another process may have it too.
            keep (bool): Until the same images come rolled. Defaults to False.
        """
        maps = self._as_maps(latent)
        if maps is None:
            return {}
        chosen = [i for i, new in enumerate(fresh) if new]
        if self._usable:
            self._count([m[chosen] for m in maps], [index[i] for i in chosen])
        self._last = [m.clone() for m in maps] if keep else None
        return {
            'spread': torch.cat([_spread(m) for m in maps], 1),
            'border': torch.cat([_border(m) for m in maps], 1),
        }

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

    def rolled(
        self, latent: Latent, shares: Sequence[float]
    ) -> dict[str, Tensor]:
        """Compare with the same images rolled by shares of their sides.

        It gives rows (B, C), or nothing where the shift is no whole number of
        places on some level.
        """
        maps, last = self._as_maps(latent), self._last
        self._last = None
        if maps is None or last is None:
            return {}
        rows = []
        for now, before in zip(maps, last):
            same = rolled(before, shares)
            if same is None:
                return {}
            rows.append([_square(now - same), _square(now - before)])
        moved, placed = zip(*rows)
        return {'moved': torch.cat(moved, 1), 'placed': torch.cat(placed, 1)}

    def _as_maps(self, latent: Latent) -> Optional[list[Tensor]]:
        maps = [as_maps(level, self.channel_dim) for level in levels(latent)]
        known = [m for m in maps if m is not None]
        return known if len(known) == len(maps) else None


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
