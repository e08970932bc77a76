"""Maps of classes under shifts: which pixels keep their class."""

from typing import Any, Callable, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError

from .profile import ShiftProfile, ratio
from .protocol import ShiftProtocol
from .shifts import moved_block, shift_images

#: Side of the maps of where predictions flip, which images of all sizes share.
SIDE = 64
#: States of a labelled pixel: right without the shift, with it, both, none.
_STATES = 5


class MapProfile(ShiftProfile):
    """Agreement of class maps after the shift is undone.

    Only the common area counts: pixels whose content is seen in both views.

    Args:
        test (ShiftProtocol): Which shifts, of whole pixels.
        classes (int): Number of classes.
        zones (Callable): Height and width to the zone of every pixel,
            (H, W), where zone 0 is the border and no number is negative.
        num_zones (int): How many zones.
        ignore_index (int): Truth of pixels without a label. Defaults to 255.

    Example:
        >>> def predict(images):  # a class per grey value
        ...     return (images[:, 0] > 0.5).long()
        >>> test = ShiftProtocol(max_shift=2, exhaustive=True)
        >>> profile = MapProfile(
        ...     test, 2, lambda h, w: torch.zeros(h, w).long(), 1)
        >>> profile.profile(predict, torch.rand(3, 1, 8, 8), np.arange(3))
        >>> profile.report()['consistency']
        100.0
    """

    predicts = 'maps'

    def __init__(
        self,
        test: ShiftProtocol,
        classes: int,
        zones: Callable[[int, int], Tensor],
        num_zones: int,
        ignore_index: int = 255,
    ) -> None:
        if (test.grid() % 1).any():
            raise InputError(
                f'step={test.step:g}: maps of classes can be shifted back by '
                'whole pixels alone.'
            )
        super().__init__(test)
        self.classes, self.zones = classes, zones
        self.num_zones, self.ignore_index = num_zones, ignore_index
        self.names = (
            *('agreement', 'inner', 'border', 'miou'),
            *('accuracy', 'accuracy_shifted', 'fidelity'),
            *(f'zone {i}' for i in range(num_zones)),
        )

    def begin(
        self, before: Sequence[Tensor], truths: Optional[Tensor]
    ) -> None:
        """Take maps (B, H, W) and the truth, if it is known."""
        self._before = maps = torch.stack(list(before)).int()
        size = maps.shape[1:]
        if truths is None:
            truths = torch.full_like(maps, self.ignore_index)
        self._truth = truth = truths.to(maps.device).int()
        labelled = truth != self.ignore_index
        # All that does not depend on the shift is put into one number.
        zone = self.zones(*size).to(maps.device).int()
        image = torch.arange(len(maps), device=maps.device).int()
        image = image.view(-1, 1, 1)
        state = labelled.int() * (1 + (truth == maps).int())
        self._place = ((image * self.num_zones + zone) * _STATES + state) * 2
        self._pair = (image * self.classes + maps) * self.classes
        self._flips = torch.zeros(maps.shape, device=maps.device)
        self._seen = torch.zeros(maps.shape, device=maps.device)

    def compare(
        self, after: Sequence[Tensor], offsets: np.ndarray
    ) -> np.ndarray:
        """Count pixels by zone, state and agreement, and pairs of classes."""
        maps = torch.stack(list(after)).int()
        at, undone, common = self._undone(maps, -offsets)
        truth = self._truth[at]
        same = undone == self._before[at]
        self._flips[at] += ~same if common is None else common & ~same
        self._seen[at] += 1 if common is None else common
        right = (undone == truth) & (truth != self.ignore_index)
        # A state of 1 or 2 becomes 3 or 4 where the shifted view is right.
        codes = self._place[at] + 4 * right.int() + same.int()
        counts = _count(codes, common, len(maps), self.num_zones * _STATES * 2)
        codes = self._pair[at] + undone
        pairs = _count(codes, common, len(maps), self.classes**2)
        pairs = pairs.unflatten(1, (self.classes, self.classes))
        hit = pairs.diagonal(dim1=1, dim2=2)
        areas = torch.cat([hit, pairs.sum(1), pairs.sum(2)], 1)
        return torch.cat([counts, areas], 1).cpu().numpy().astype(np.float32)

    def _undone(self, maps: Tensor, back: np.ndarray) -> tuple:
        """Where both views show the same, and what the shifted one says.

        Gives an index of maps (B, H, W), the classes there, and which of
        these pixels count, None if all do.
        """
        if self.test.mode == 'circular':
            moved = shift_images(maps[:, None], back, 'circular')[:, 0]
            return ..., moved, None
        if (back == back[:1]).all():
            # A block, of which nothing needs to be filled or left out.
            dy, dx = map(int, back[0])
            to, come = moved_block((dy, dx), maps.shape[1:])
            return to, maps[come], None
        blank = torch.full((1,), -1, device=maps.device)
        moved = shift_images(maps[:, None], back, 'zero', fill=blank)[:, 0]
        common = moved >= 0
        return ..., moved.clamp(min=0), common

    def end(self) -> dict[str, np.ndarray]:
        """How often each place flipped, (B, SIDE, SIDE), of 255."""
        rate = self._flips / self._seen.clamp(min=1)
        rate = torch.nn.functional.adaptive_avg_pool2d(rate[:, None], SIDE)
        flips = rate[:, 0].mul(255).round().byte().cpu().numpy()
        del self._before, self._truth, self._place, self._pair
        del self._flips, self._seen
        return dict(flips=flips)

    def values(self, sums: np.ndarray) -> np.ndarray:
        """In per cent; see :attr:`names`."""
        sums = np.asarray(sums, float)
        cut = self.num_zones * _STATES * 2
        counts = sums[..., :cut].reshape(
            *sums.shape[:-1], self.num_zones, _STATES, 2
        )
        zone, same = counts.sum((-1, -2)), counts[..., 1].sum(-1)
        state = counts.sum(-3)
        labelled = state[..., 1:, :].sum((-1, -2))
        hit, one, other = np.moveaxis(
            sums[..., cut:].reshape(*sums.shape[:-1], 3, self.classes), -2, 0
        )
        iou = ratio(hit, one + other - hit)
        seen = np.isfinite(iou)
        found: list[Any] = [
            ratio(same.sum(-1), zone.sum(-1)),
            ratio(same[..., 1:].sum(-1), zone[..., 1:].sum(-1)),
            ratio(same[..., 0], zone[..., 0]),
            ratio(np.nansum(iou, -1), seen.sum(-1)),
            ratio(state[..., [2, 4], :].sum((-1, -2)), labelled),
            ratio(state[..., [3, 4], :].sum((-1, -2)), labelled),
            ratio(state[..., 4, 1], labelled),
        ]
        found += list(np.moveaxis(ratio(same, zone), -1, 0))
        return 100 * np.stack(found, -1)

    def _warning(self, whole: dict[str, list[Any]]) -> Optional[str]:
        agreement, fidelity = whole['agreement'][0], whole['fidelity'][0]
        if fidelity is None or fidelity >= agreement / 2:
            return None
        return (
            'Most agreement is on wrong classes: read it only together with '
            'fidelity.'
        )


def _count(
    codes: Tensor, common: Optional[Tensor], images: int, each: int
) -> Tensor:
    size = images * each
    if common is not None:
        codes = torch.where(common, codes, size)
    counts = torch.bincount(codes.flatten(), minlength=size + 1)[:size]
    return counts.view(images, each)
