"""Run a model on images and their variants, and keep the pooled latents."""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import AbstractSet, Any, Callable, Iterable, Optional, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError

from .changes import Change, cells, mirror, shifted
from .deltas import Deltas
from .kernels import flip_kernels
from .kinds import KINDS, find_kind
from .tap import Tap, unwrap
from .tap_record import TapRecord


class DeltaCollector:
    """Finds out in one pass what a changed image changes in each channel.

    Every batch is run once for every variant; of what several taps give, the
    pooled latents are kept.

    Args:
        model (nn.Module): In evaluation mode; wrapped or not.
        taps (Tap | str | dict | Sequence): Where to read, at one or several.
        kernel_flip (bool): Also with mirrored kernels. Defaults to False.
        shift (Sequence[int], optional): Also with the image rolled by so many
            (rows, columns).
        grid (int, optional): Also with the image made small in every cell of
            a grid of so many cells on each side, for the location score.
        kinds (Sequence[str], optional): Kinds of ranking whose own changes
            of the image are recorded too. Defaults to all that there are.
        maps (bool): Also sums of the unpooled maps of the images as they are,
            for scores of places; they cost no further run. Defaults to True.
        covariances (Sequence[str]): Position maps whose covariances with
            the latent are recorded, for erasers. Defaults to none.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU()).eval()
        >>> collector = DeltaCollector(net, ['1'])
        >>> for i, image in enumerate(torch.rand(6, 1, 3, 9, 8)):
        ...     collector.add(
        ...         lambda change: net(change(image) if change else image), [i]
        ...     )
        >>> collector.deltas()[0].difference().shape
        (6, 8)
    """

    def __init__(
        self,
        model: nn.Module,
        taps: Any,
        kernel_flip: bool = False,
        shift: Optional[Sequence[int]] = None,
        grid: Optional[int] = None,
        kinds: Optional[Sequence[str]] = None,
        maps: bool = True,
        covariances: Sequence[str] = (),
    ) -> None:
        self.model = unwrap(model)
        taps = [taps] if isinstance(taps, (str, Mapping, Tap)) else taps
        self.taps = [Tap.of(tap) for tap in taps]
        if not self.taps:
            raise InputError('give at least one tap to read the latent at.')
        for tap in self.taps:
            tap.module(self.model)
        #: What is done to the image, and whether the kernels are mirrored.
        self.variants: dict[str, tuple[Change, bool]] = {
            'plain': (None, False),
            'flip': (mirror, False),
        }
        if kernel_flip:
            self.variants.update(
                kernel=(None, True), kernel_flip=(mirror, True)
            )
        self.shift = shift if shift is not None and any(shift) else None
        changes: dict[str, Change] = {} if grid is None else cells(grid)
        if self.shift is not None:
            changes['shift'] = shifted(self.shift)
        for kind in KINDS if kinds is None else kinds:
            changes.update(find_kind(kind).changes)
        self.variants.update({k: (v, False) for k, v in changes.items()})
        #: Images that other processes count in their sums over images.
        self.others: AbstractSet[int] = frozenset()
        self._seen: dict[int, str] = {}
        self._index: list[int] = []
        self._records = [TapRecord(t, covariances, maps) for t in self.taps]

    @torch.no_grad()
    def add(
        self,
        forward: Callable[[Change], Any],
        index: Sequence[int],
        names: Optional[Sequence[str]] = None,
    ) -> None:
        """Run one batch in every variant and keep its pooled latents.

        Args:
            forward (Callable): Runs the model on the batch; gets a function
                to change each image (..., H, W) with, or None.
            index (Sequence[int]): Place of each image in the data set.
            names (Sequence[str], optional): Their names. Defaults to the
                places.
        """
        index = list(map(int, index))
        names = [str(i) for i in index] if names is None else list(names)
        fresh = []
        for i, name in zip(index, names):
            fresh.append(i not in self._seen and i not in self.others)
            self._seen[i] = name
        for variant, (change, kernel) in self.variants.items():
            with ExitStack() as stack:
                if kernel:
                    stack.enter_context(flip_kernels(self.model))
                self._run(variant, change, forward, index, fresh)
        for record in self._records:
            record.keep(names)
        self._index += index

    def add_all(
        self, batches: Iterable[Tensor], run: Callable[[Tensor], Any]
    ) -> None:
        """Run plain batches (B, ..., H, W) of images, counted as they come."""
        for batch in batches:

            def forward(change: Change, batch: Tensor = batch) -> Any:
                return run(change(batch) if change else batch)

            first = len(self._index)
            self.add(forward, range(first, first + len(batch)))

    def _run(
        self,
        variant: str,
        change: Change,
        forward: Callable[[Change], Any],
        index: list[int],
        fresh: list[bool],
    ) -> None:
        waiting = list(self._records)
        size: list[int] = []

        def changed(image: Tensor) -> Tensor:
            size[:] = image.shape[-2:]
            return change(image) if change else image

        def read(record: TapRecord, module: Any, _: Any, output: Any) -> None:
            # At once, as a later layer may work in place.
            if record not in waiting:
                return
            waiting.remove(record)
            latent = record.add(variant, output)
            if variant == 'plain':
                record.plain(latent, index, fresh, self.shift is not None)
            elif variant == 'shift' and size:
                shares = [s / side for s, side in zip(self.shift or (), size)]
                record.rolled(latent, shares)
            if not waiting:
                raise _Enough

        with ExitStack() as stack:
            for record in self._records:
                module = record.tap.module(self.model)
                hook = module.register_forward_hook(partial(read, record))
                stack.enter_context(hook)
            try:
                forward(change and changed)
            except _Enough:
                return
        raise InputError(
            f'the image never went through {[str(r.tap) for r in waiting]}; '
            'tap a module that the model runs at test time.'
        )

    def deltas(self, **about: Any) -> list[Deltas]:
        """What was recorded at each tap, with its provenance."""
        if not self._seen:
            raise InputError('the data set is empty: no image was seen.')
        index = np.array(self._index)
        names = [self._seen[i] for i in self._index]
        return [
            Deltas(
                record.tap,
                record.widths,
                record.vectors(len(index)),
                index,
                names,
                about,
                record.maps,
                record.moments,
            )
            for record in self._records
        ]


def collect(
    model: nn.Module, batches: Iterable[Tensor], taps: Any, **variants: Any
) -> list[Deltas]:
    """Record a model that takes plain batches of images.

    Args:
        model (nn.Module): In evaluation mode.
        batches (Iterable[Tensor]): Each (B, ..., H, W).
        taps (Tap | str | Sequence): Where to read.
        **variants: More for :class:`DeltaCollector`.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU()).eval()
        >>> deltas, = collect(net, torch.rand(6, 3, 9, 8).split(4), ['1'])
        >>> len(deltas)
        6
    """
    collector = DeltaCollector(model, taps, **variants)
    collector.add_all(batches, model)
    return collector.deltas()


class _Enough(Exception):
    """Every tap was read; the rest of the model need not run."""
