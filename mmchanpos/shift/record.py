"""Run one shift test on batches of images and keep what it found."""

from typing import Any, Callable, Optional, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError
from mmchanpos.files import clean

from .agreement import curve, measure
from .latent_spread import LatentSpread, latent_scores
from .protocol import ShiftProtocol

#: Images that keep a GPU busy; more take memory and no less time.
_BUSY = 512
#: Images (B, C, H, W) to probabilities (B, classes) and latents (B, D).
Forward = Callable[[Tensor], tuple[Tensor, Optional[Tensor]]]


class ShiftRecord:
    """Predictions of one network under the shifts of one test.

    Args:
        test (ShiftProtocol): Which shifts.
        together (int, optional): Shifts of a batch that go through the
            network at once. Defaults to 1 on a CPU, and to so many that
            they make 512 images where these lie on a GPU.

    Example:
        >>> def forward(images):
        ...     return images.mean((2, 3)).softmax(1), images.mean((2, 3))
        >>> record = ShiftRecord(ShiftProtocol(mode='circular', max_shift=2))
        >>> images, labels = torch.rand(5, 3, 8, 8), np.zeros(5, int)
        >>> record.observe(forward, images, np.arange(5), labels)
        >>> round(record.report()['consistency'], 1)
        100.0
    """

    def __init__(
        self, test: ShiftProtocol, together: Optional[int] = None
    ) -> None:
        self.test, self.together = test, together
        grid = test.draw(np.zeros(1))[0]
        self.shifts = len(grid)
        # Where the grid holds the unshifted image, it is not tested twice.
        self.still = None
        if test.exhaustive and (
            test.mode != 'crop' or test.anchor == 'center'
        ):
            at = np.flatnonzero((grid == 0).all(1))
            self.still = int(at[0]) if len(at) else None
        self.spread = LatentSpread(self.shifts)
        self.rows: dict[str, list[np.ndarray]] = {}

    def observe(
        self,
        forward: Forward,
        images: Tensor,
        indices: np.ndarray,
        labels: np.ndarray,
        black: Optional[Tensor] = None,
        unshifted: Optional[tuple[Tensor, Optional[Tensor]]] = None,
    ) -> None:
        """Shift a batch in every way that the test asks for.

        Args:
            forward (Callable): The network in evaluation mode.
            images (Tensor): Normalised images, shape (B, C, H, W).
            indices (np.ndarray): Sample indices in the data set, (B,).
            labels (np.ndarray): True classes, (B,).
            black (Tensor, optional): A black pixel after normalisation, (C,).
            unshifted (tuple, optional): What ``forward`` gives for the
                unshifted images, if it is known already.
        """
        self.test.check(*images.shape[-2:])
        shifts = self.test.draw(indices)
        if unshifted is None:
            unshifted = forward(self.test.unshifted(images))
        before, count = unshifted[0].float(), len(images)
        top = before.argmax(1)
        found = [top] * (1 + self.shifts)
        change = torch.zeros(count, device=images.device)
        finite = torch.isfinite(before).all()
        moved = [k for k in range(self.shifts) if k != self.still]
        usual = 1 if images.device.type == 'cpu' else max(_BUSY // count, 1)
        together = self.together or usual
        for first in range(0, len(moved), together):
            numbers = moved[first : first + together]
            views = [
                self.test.apply(images, shifts[:, k], black) for k in numbers
            ]
            scores, latents = forward(torch.cat(views))
            finite &= torch.isfinite(scores).all()
            for k, after in zip(numbers, scores.float().split(count)):
                found[1 + k] = after.argmax(1)
                change += (after - before).gather(1, top[:, None])[:, 0].abs()
            if latents is not None:
                for part in latents.split(count):
                    self.spread.add(part)
        if self.still is not None and unshifted[1] is not None:
            self.spread.add(unshifted[1])
        self.spread.close()
        # All that has to wait for the device, once for all shifts.
        original, *others = torch.stack(found).cpu().numpy().astype(np.int32)
        if not bool(finite):
            raise InputError(
                'The network gives NaN or infinite probabilities, so there is '
                'nothing to compare. Was its training stable?'
            )
        self._append(
            index=np.asarray(indices, np.int64),
            label=np.asarray(labels, np.int32),
            original=original,
            predictions=np.stack(others, 1),
            change=change.cpu().numpy() / self.shifts,
        )
        if not self.test.exhaustive:
            self._append(shifts=np.asarray(shifts, np.float32))

    def _append(self, **rows: np.ndarray) -> None:
        for name, values in rows.items():
            self.rows.setdefault(name, []).append(values)

    def indices(self) -> np.ndarray:
        """Sample indices seen so far, repeated ones included."""
        return np.concatenate(self.rows.get('index', [np.zeros(0, int)]))

    def state(self, keep: Optional[np.ndarray] = None) -> dict[str, Any]:
        """What other processes need of this one.

        Args:
            keep (np.ndarray, optional): Mask of the samples to give away;
                those that another process has seen too are left out.

        Returns:
            dict[str, Any]: Arrays with one row per sample, and ``latent``
            sums or None.
        """
        if keep is None:
            keep = first_seen([self.indices()])[0]
        rows = self.rows.items()
        state = {name: np.concatenate(parts)[keep] for name, parts in rows}
        state['latent'] = self.spread.sums(keep) if self.spread.means else None
        return state

    def report(
        self, states: Optional[Sequence[dict[str, Any]]] = None
    ) -> dict[str, Any]:
        """All that is always printed, and the curve of an exhaustive test.

        Args:
            states (Sequence[dict], optional): :meth:`state` of every process.
                Defaults to that of this one.

        Returns:
            dict[str, Any]: Per cent, but for ``mean_change`` (of the
            probability of the unshifted top class), ``latent_mse`` and
            ``invariance``; plain values, ready for JSON.
        """
        states = states or [self.state()]
        rows = merge(states)
        how: dict[str, Any] = dict(
            pair=self.test.pair,
            agree=self.test.agree,
            distinct=not self.test.exhaustive or self.test.exclude_identical,
        )
        cache = rows['predictions'], rows['label'], rows['original']
        found = measure(*cache, **how)
        result: dict[str, Any] = dict(found.summary())
        result['mean_change'] = float(rows['change'].mean())
        sums = [s['latent'] for s in states if 'index' in s]
        if None not in sums:
            total: list[Any] = [sum(parts) for parts in zip(*sums)]
            total += [self.shifts, how['distinct']]
            result.update(clean(latent_scores(*total)))
        result.update(
            images=len(rows['index']),
            warning=found.warning,
            description=self.test.describe(),
            test=self.test.to_dict(),
        )
        if self.test.exhaustive and self.test.axes == 'xy':
            result['curve'] = curve(*cache, self.test.grid(), **how)
        return result


def first_seen(indices: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Which samples of each process no earlier one has seen.

    Samplers pad their share with repeated samples; they count once.

    Args:
        indices (Sequence[np.ndarray]): Sample indices of each process.

    Example:
        >>> [m.tolist() for m in first_seen([np.array([0, 2]),
        ...                                  np.array([1, 0])])]
        [[True, True], [True, False]]
    """
    joined = np.concatenate(indices)
    mask = np.zeros(len(joined), bool)
    mask[np.unique(joined, return_index=True)[1]] = True
    return np.split(mask, np.cumsum([len(i) for i in indices])[:-1])


def merge(states: Sequence[dict[str, Any]]) -> dict[str, np.ndarray]:
    """Rows of all processes, in order of the data set.

    Args:
        states (Sequence[dict]): :meth:`ShiftRecord.state` of every process.
    """
    # A process without an image has no rows.
    states = [state for state in states if 'index' in state]
    if not sum(len(state['index']) for state in states):
        raise InputError('The shift test saw no images.')
    names = [name for name in states[0] if name != 'latent']
    rows = {n: np.concatenate([s[n] for s in states]) for n in names}
    order = np.argsort(rows['index'], kind='stable')
    return {name: values[order] for name, values in rows.items()}
