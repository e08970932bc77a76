"""What the first channels of each ranking respond to.

A score says that a channel knows where things are; an atlas shows it: the
mean map over images, the images and places where it is strongest, and how it
responds along x and along y.
"""

from dataclasses import dataclass, fields
from typing import Any, Mapping, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmchanpos.errors import InputError

from .cell_maps import as_maps, pooled
from .ranking import ChannelRanking
from .tap import Latent, levels, split, widths

#: Longer side of the images that are kept, in pixels.
_PIXELS = 144


@dataclass
class Atlas:
    """Maps of a few channels, and images that excite them most.

    Args:
        channels (ndarray): Their numbers, (K,).
        mean (ndarray): Mean maps, (K, R, Q).
        thumbs (ndarray): For each channel the images where it is strongest,
            strongest first, in RGB, (K, images, h, w, 3).
        places (ndarray): Where in these it is strongest, x and y as fractions
            of the image, (K, images, 2).
        shown (mapping): Its first channels, by kind of ranking.
    """

    channels: np.ndarray
    mean: np.ndarray
    thumbs: np.ndarray
    places: np.ndarray
    shown: Mapping[str, Sequence[int]]

    def along(self, axis: str) -> np.ndarray:
        """Mean response along ``'x'`` or ``'y'``, (K, Q) or (K, R).

        Example:
            >>> mean = np.arange(4.).reshape(1, 2, 2)
            >>> none = np.zeros((1, 0))
            >>> Atlas(np.array([7]), mean, none, none, {}).along('x')
            array([[1., 2.]])
        """
        return self.mean.mean(axis={'x': 1, 'y': 2}[axis])

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything, for an npz."""
        named = {
            f'shown_{kind}': np.array(c) for kind, c in self.shown.items()
        }
        plain = {k: v for k, v in vars(self).items() if k != 'shown'}
        return {**plain, **named}

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> 'Atlas':
        """Read what :meth:`arrays` gave."""
        head = 'shown_'
        plain = {k: v for k, v in arrays.items() if not k.startswith(head)}
        shown = {
            k[len(head) :]: v.tolist()
            for k, v in arrays.items()
            if k.startswith(head)
        }
        if plain.keys() | {'shown'} != {field.name for field in fields(cls)}:
            raise InputError(f'an atlas has no arrays {sorted(plain)}.')
        return cls(**plain, shown=shown)


class AtlasMaker:
    """Looks on while a data set passes, and makes an :class:`Atlas`.

    What it keeps of a batch can be stored and given back, so a pass that was
    killed, or that several processes share, ends with the same atlas where
    images are of one shape. Levels of a pyramid are brought to one grid.

    Args:
        rankings (Sequence[ChannelRanking]): Whose channels.
        top (int): First channels of each. Defaults to 3.
        images (int): Images of each channel. Defaults to 3.
        bgr (bool): Whether images come in BGR. Defaults to False.
    """

    def __init__(
        self,
        rankings: Sequence[ChannelRanking],
        top: int = 3,
        images: int = 3,
        bgr: bool = False,
    ) -> None:
        self.shown = {r.kind: r.order[:top].tolist() for r in rankings}
        self.channels = sorted({c for x in self.shown.values() for c in x})
        self.images, self.bgr = images, bgr
        #: By place in the data set: maps (K, R, Q), and their peaks (K,).
        self.maps: dict[int, Tensor] = {}
        self.peaks: dict[int, Tensor] = {}
        self._grid: Sequence[int] = ()
        self.thumbs: dict[int, Tensor] = {}

    @torch.no_grad()
    def add(
        self,
        latent: Latent,
        channel_dim: int,
        images: Sequence[Tensor],
        places: Sequence[int],
    ) -> dict[str, Any]:
        """Look at one batch; gives what :meth:`restore` needs to do so again.

        Args:
            latent (Tensor | tuple[Tensor, ...]): Of the batch.
            channel_dim (int): Axis of the channels.
            images (Sequence[Tensor]): (3, H, W), as they were loaded.
            places (Sequence[int]): Of the images in the data set.
        """
        parts: list[Tensor] = []
        groups = split(self.channels, widths(latent, channel_dim))
        for level, (_, group) in zip(levels(latent), groups):
            maps = as_maps(level, channel_dim) if group else None
            if maps is not None:
                chosen = maps[:, list(group)].float()
                parts.append(pooled(chosen, self._grid))
                self._grid = parts[-1].shape[2:]
        wanted = len(places), len(self.channels)
        maps = torch.cat(parts, dim=1).cpu() if parts else torch.empty(0, 0)
        if maps.shape[:2] != wanted:
            return {}  # vectors, or maps of something else than images
        entry = {'maps': dict(zip(places, maps)), 'thumbs': {}}
        self.restore(entry)
        best = set(self._strongest().flatten().tolist())
        for place, image in zip(places, images):
            if place in best:
                thumb = _thumb(image)
                entry['thumbs'][place] = thumb.flip(0) if self.bgr else thumb
        self.restore(entry)
        return entry

    def restore(self, entry: Mapping[str, Any]) -> None:
        """Take over a batch, or all that another process kept."""
        for place, maps in entry.get('maps', {}).items():
            self._grid = maps.shape[1:]
            self.maps[place], self.peaks[place] = maps, maps.amax((1, 2))
        self.thumbs.update(entry.get('thumbs', {}))

    def gather(self, parts: Sequence['AtlasMaker']) -> None:
        """Take over what several processes kept."""
        for part in parts:
            self.restore({'maps': part.maps, 'thumbs': part.thumbs})

    def _strongest(self) -> np.ndarray:
        """Places in the data set of the images of each channel, (K, n)."""
        index = np.array(sorted(self.peaks))
        peaks = torch.stack([self.peaks[i] for i in index.tolist()])
        order = np.argsort(-peaks.numpy(), axis=0, kind='stable')
        return index[order[: self.images]].T

    def atlas(self) -> Optional[Atlas]:
        """The atlas of all images, or None if there were no maps."""
        if not self.maps:
            return None
        strongest = self._strongest()
        # Processes whose first images differed in shape had other grids.
        grid = self.maps[min(self.maps)].shape[1:]
        maps = torch.cat([pooled(m[None], grid) for m in self.maps.values()])
        shape = self.thumbs[int(strongest[0, 0])].shape
        thumbs, places = [], []
        for k, row in enumerate(strongest.tolist()):
            thumbs.append([_fitted(self.thumbs[i], shape) for i in row])
            places.append([_peak(self.maps[i][k]) for i in row])
        return Atlas(
            np.array(self.channels),
            maps.double().mean(0).numpy(),
            np.array(thumbs),
            np.array(places),
            self.shown,
        )


def _thumb(image: Tensor) -> Tensor:
    """A small copy (3, h, w) of an image."""
    scale = min(1.0, _PIXELS / max(image.shape[1:]))
    size = [max(1, round(scale * side)) for side in image.shape[1:]]
    small = F.interpolate(image[None].float(), size=size, mode='area')[0]
    return small.round().clamp(0, 255).to(torch.uint8).cpu()


def _fitted(thumb: Tensor, shape: Sequence[int]) -> np.ndarray:
    """A thumb (3, h, w) as (H, W, 3)."""
    if thumb.shape != shape:
        fitted = F.interpolate(thumb[None].float(), size=tuple(shape[1:]))
        thumb = fitted[0].to(torch.uint8)
    return thumb.permute(1, 2, 0).numpy()


def _peak(cells: Tensor) -> tuple[float, float]:
    """Where a map is strongest: the middle of that cell."""
    y, x = divmod(int(cells.flatten().argmax()), cells.shape[1])
    return (x + 0.5) / cells.shape[1], (y + 0.5) / cells.shape[0]
