"""How predictions of places change under shifts: what maps and boxes share.

A profile keeps, for every image and every shift, sums from which all measures
follow, so that any group of shifts (one phase of the stride, one size, one
direction) is arithmetic on them, with intervals over images.
"""

from typing import Any, Callable, Optional, Sequence

import numpy as np
from torch import Tensor

from mmchanpos.statistics import resampled_means

from .record import ShiftRecord, merge

#: Images (B, C, H, W) to one prediction for each.
Predict = Callable[[Tensor], Sequence[Any]]
_DRAWS = 400


class ShiftProfile(ShiftRecord):
    """Predictions under each shift of a test against those without one.

    Args:
        test (ShiftProtocol): Which shifts. Predictions are compared with
            those of the unshifted image, whatever ``pair`` says.
    """

    #: ``maps`` or ``boxes``.
    predicts = ''
    #: Measures by name; the first is the consistency.
    names: tuple[str, ...] = ()

    def profile(
        self,
        predict: Predict,
        images: Tensor,
        indices: np.ndarray,
        truths: Optional[Tensor] = None,
        before: Optional[Sequence[Any]] = None,
    ) -> None:
        """Shift images of one size in every way that the test asks for.

        Args:
            predict (Callable): The network in evaluation mode.
            images (Tensor): Before normalisation, (B, C, H, W).
            indices (np.ndarray): Sample indices in the data set, (B,).
            truths (Tensor, optional): True classes of pixels, (B, H, W).
            before (sequence, optional): Predictions for ``images``.
        """
        self.test.check(*images.shape[-2:])
        shifts = self.test.draw(indices)
        still = np.zeros_like(shifts[:, 0])
        if before is None or self.test.mode == 'crop':
            before = predict(self.test.apply(images, still))
        if truths is not None:
            truths = self.test.apply(truths[:, None].float(), still)[:, 0]
        self.begin(before, truths)
        offsets = self._moves(shifts)
        sums = []
        for k in range(self.shifts):
            after = before
            if k != self.still:
                after = predict(self.test.apply(images, shifts[:, k]))
            sums.append(self.compare(after, offsets[:, k]))
        self._append(
            index=np.asarray(indices, np.int64),
            shifts=offsets,
            sums=np.stack(sums, 1),
            **self.end(),
        )

    def _moves(self, shifts: np.ndarray) -> np.ndarray:
        """Where the content goes; windows of a crop move against it."""
        # From zero, so that what stays does not move by minus zero.
        return 0 - shifts if self.test.mode == 'crop' else shifts

    def begin(self, before: Sequence[Any], truths: Optional[Tensor]) -> None:
        """Take the predictions that those of all shifts are compared with."""
        raise NotImplementedError

    def compare(self, after: Sequence[Any], offsets: np.ndarray) -> np.ndarray:
        """Sums of each image, (B, F), where content moved by (B, 2)."""
        raise NotImplementedError

    def end(self) -> dict[str, np.ndarray]:
        """More rows of the batch. Defaults to none."""
        return {}

    def values(self, sums: np.ndarray) -> np.ndarray:
        """Measures (..., names) of sums (..., F)."""
        raise NotImplementedError

    def report(
        self, states: Optional[Sequence[dict[str, Any]]] = None
    ) -> dict[str, Any]:
        """Measures over all shifts, by shift, by size and by direction.

        Args:
            states (Sequence[dict], optional): Of every process. Defaults to
                that of this one.

        Returns:
            dict: Plain values. Each group has ``measures``: name to value,
            low and high end of the 95 % interval over images, or None.
        """
        rows = merge(states or [self.state()])
        sums, shifts = rows['sums'], rows['shifts'].astype(float)
        every = np.ones(shifts.shape[:2], bool)
        moved = (shifts != 0).any(-1)
        whole = self._measures(sums, moved if moved.any() else every)
        main, low, high = whole[self.names[0]]
        size = np.abs(shifts).max(-1)
        groups = dict(
            by_size=[
                (dict(size=float(s)), size == s) for s in np.unique(size)
            ],
            by_direction=_ways(shifts),
        )
        if self.test.exhaustive:
            groups['by_shift'] = [
                (dict(shift=shift.tolist()), every & (shifts == shift).all(-1))
                for shift in self._moves(self.test.grid())
            ]
        return dict(
            predicts=self.predicts,
            consistency=main,
            consistency_low=low,
            consistency_high=high,
            measures=whole,
            **{
                name: [
                    dict(about, measures=self._measures(sums, mask))
                    for about, mask in group
                ]
                for name, group in groups.items()
            },
            images=len(rows['index']),
            warning=self._warning(whole),
            description=self.test.describe(),
            test=self.test.to_dict(),
        )

    def _measures(
        self, sums: np.ndarray, mask: np.ndarray
    ) -> dict[str, list[Optional[float]]]:
        each = np.einsum('nsf,ns->nf', sums, mask.astype(float))
        drawn = self.values(resampled_means(each, _DRAWS))
        there = np.isfinite(drawn)
        ends = np.full((2, len(self.names)), np.nan)
        # Looking for gaps takes ten times as long as the quantiles.
        for columns, quantile in (
            (there.all(0), np.quantile),
            (there.any(0) & ~there.all(0), np.nanquantile),
        ):
            ends[:, columns] = quantile(drawn[:, columns], [0.025, 0.975], 0)
        numbers = np.stack([self.values(each.mean(0)), *ends], 1)
        return {
            name: [float(x) if np.isfinite(x) else None for x in row]
            for name, row in zip(self.names, numbers)
        }

    def _warning(self, whole: dict[str, list[Any]]) -> Optional[str]:
        """Why the consistency should not be believed, or None."""
        return None


def ratio(top: Any, bottom: Any) -> np.ndarray:
    """One through the other, NaN where there is nothing."""
    top, bottom = np.broadcast_arrays(
        np.asarray(top, float), np.asarray(bottom, float)
    )
    out = np.full(top.shape, np.nan)
    return np.divide(top, bottom, out=out, where=bottom > 0)


def _ways(shifts: np.ndarray) -> list[tuple]:
    """Where the content goes: right, down left and so on."""
    signs = np.sign(shifts)
    found = []
    for dy, down in ((0, ''), (1, 'down'), (-1, 'up')):
        for dx, right in ((0, ''), (1, 'right'), (-1, 'left')):
            mask = (signs == (dy, dx)).all(-1)
            if (dy or dx) and mask.any():
                name = f'{down} {right}'.strip()
                found.append((dict(direction=name), mask))
    return found
