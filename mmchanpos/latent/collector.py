"""Run a model on images and their variants, and keep the pooled latents."""

from contextlib import ExitStack
from functools import partial
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    Iterable,
    List,
    Optional,
    Sequence,
    Tuple,
)

import numpy as np
import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError

from .changes import Change, cells, mirror, shifted
from .deltas import Deltas, gap
from .kernels import flip_kernels
from .kinds import KINDS, find_kind
from .map_record import MapRecord
from .tap import Latent, Tap, unwrap, widths

#: Variant -> whether the image, and whether the kernels, are mirrored.
MIRRORED = {
    'plain': (False, False),
    'flip': (True, False),
    'kernel': (False, True),
    'kernel_flip': (True, True),
}


class DeltaCollector:
    """Finds out in one pass what a changed image changes in each channel.

    Every batch is run once for every variant; of what several taps give, the
    pooled latents are kept.

    Args:
        model (nn.Module): In evaluation mode; wrapped or not.
        taps (sequence of Tap or str): Where to read.
        kernel_flip (bool): Also with mirrored kernels. Defaults to False.
        shift (tuple of int, optional): Also with the image rolled by so many
            (rows, columns).
        grid (int, optional): Also with the image made small in every cell of
            a grid of so many cells on each side, for the location score.
        kinds (sequence of str, optional): Kinds of ranking whose own changes
            of the image are recorded too. Defaults to all that there are.
        maps (bool): Also sums of the unpooled maps of the images as they are,
            for scores of places; they cost no further run. Defaults to True.
        covariances (sequence of str): Position maps whose covariances with
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
        taps: Sequence[Any],
        kernel_flip: bool = False,
        shift: Optional[Sequence[int]] = None,
        grid: Optional[int] = None,
        kinds: Optional[Sequence[str]] = None,
        maps: bool = True,
        covariances: Sequence[str] = (),
    ) -> None:
        self.model = unwrap(model)
        self.taps = [Tap.of(tap) for tap in taps]
        if not self.taps:
            raise InputError('give at least one tap to read the latent at.')
        for tap in self.taps:
            tap.module(self.model)
        self.variants: Dict[str, Tuple[Change, bool]] = {
            name: (mirror if mirrored else None, kernel)
            for name, (mirrored, kernel) in MIRRORED.items()
            if kernel_flip or not kernel
        }
        self.shift = shift if shift is not None and any(shift) else None
        if self.shift is not None:
            self.variants['shift'] = (shifted(self.shift), False)
        for name, change in cells(grid).items() if grid is not None else ():
            self.variants[name] = (change, False)
        for kind in KINDS if kinds is None else kinds:
            for name, change in find_kind(kind).changes.items():
                self.variants[name] = (change, False)
        #: Images that other processes count in their sums over images.
        self.others: AbstractSet[int] = frozenset()
        self._seen: Dict[int, str] = {}
        self._index: List[int] = []
        self._rows: List[Dict[str, List[np.ndarray]]] = [{} for _ in self.taps]
        self._widths: List[Tuple[int, ...]] = [()] * len(self.taps)
        self._records = [
            MapRecord(tap.channel_dim, covariances) if maps else None
            for tap in self.taps
        ]

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
            index (sequence of int): Place of each image in the data set.
            names (sequence of str, optional): Their names. Defaults to the
                places.
        """
        index = list(map(int, index))
        names = [str(i) for i in index] if names is None else list(names)
        fresh = []
        for i, name in zip(index, names):
            fresh.append(i not in self._seen and i not in self.others)
            self._seen[i] = name
        for variant, (change, kernel) in self.variants.items():
            look = _Look(variant, index, fresh, self.shift)
            with ExitStack() as stack:
                if kernel:
                    stack.enter_context(flip_kernels(self.model))
                found = self._found(
                    partial(forward, look.watching(change)), look
                )
            for rows, batch in zip(self._rows, found):
                for name, values in batch.items():
                    if values.shape[0] != len(index):
                        raise InputError(
                            f'{len(index)} images went in, but the latent has '
                            f'{values.shape[0]} rows; does the tap lie behind '
                            'a step that cuts images up?'
                        )
                    rows.setdefault(name, []).append(_finite(values, names))
        self._index += index

    def _found(
        self, run: Callable[[], Any], look: '_Look'
    ) -> List[Dict[str, Tensor]]:
        found: Dict[int, Dict[str, Tensor]] = {}

        def reader(place: int, tap: Tap):
            def read(module, inputs, output):
                if place in found:
                    return
                latent = tap.pick(output)
                self._widths[place] = widths(latent, tap.channel_dim)
                found[place] = {
                    look.variant: gap(latent, tap.channel_dim),
                    **look.at(self._records[place], latent),
                }
                if len(found) == len(self.taps):
                    raise _Enough

            return read

        with ExitStack() as stack:
            for place, tap in enumerate(self.taps):
                module = tap.module(self.model)
                handle = module.register_forward_hook(reader(place, tap))
                stack.callback(handle.remove)
            try:
                run()
            except _Enough:
                return [found[place] for place in range(len(self.taps))]
        idle = [str(t) for i, t in enumerate(self.taps) if i not in found]
        raise InputError(
            f'the image never went through {idle}; tap a module that the '
            'model runs at test time.'
        )

    def deltas(self, **about: Any) -> List[Deltas]:
        """What was recorded, one :class:`Deltas` per tap.

        Args:
            **about: Provenance to be kept with it.
        """
        if not self._seen:
            raise InputError('the data set is empty: no image was seen.')
        return [
            Deltas(
                tap,
                width,
                {
                    name: np.concatenate(batches)
                    for name, batches in rows.items()
                    if sum(map(len, batches)) == len(self._index)
                },
                np.array(self._index),
                [self._seen[i] for i in self._index],
                about,
                record.maps if record else [],
                record.moments if record else [],
            )
            for tap, width, rows, record in zip(
                self.taps, self._widths, self._rows, self._records
            )
        ]


def collect(
    model: nn.Module,
    batches: Iterable[Tensor],
    taps: Sequence[Any],
    **variants: Any,
) -> List[Deltas]:
    """Record a model that takes plain batches of images.

    Args:
        model (nn.Module): In evaluation mode.
        batches (iterable of Tensor): Each (B, ..., H, W).
        taps (sequence of Tap or str): Where to read.
        **variants: More for :class:`DeltaCollector`: ``kernel_flip``,
            ``shift``, ``grid``.

    Returns:
        list of Deltas: One per tap.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.ReLU()).eval()
        >>> deltas, = collect(net, torch.rand(6, 3, 9, 8).split(4), ['1'])
        >>> len(deltas)
        6
    """
    collector = DeltaCollector(model, taps, **variants)
    first = 0
    for batch in batches:

        def forward(change: Change, batch: Tensor = batch) -> Any:
            return model(change(batch) if change else batch)

        collector.add(forward, range(first, first + len(batch)))
        first += len(batch)
    return collector.deltas()


class _Look:
    """How the maps of one variant of a batch are looked at."""

    def __init__(
        self,
        variant: str,
        index: List[int],
        fresh: Sequence[bool],
        shift: Optional[Sequence[int]],
    ) -> None:
        self.variant, self.index, self.fresh = variant, index, fresh
        self.shift = shift
        self.size: Tuple[int, ...] = ()

    def watching(self, change: Change) -> Change:
        """The change, noting how large the images are."""
        if change is None:
            return None

        def watched(image: Tensor) -> Tensor:
            self.size = tuple(image.shape[-2:])
            return change(image)

        return watched

    def at(
        self, record: Optional[MapRecord], latent: Latent
    ) -> Dict[str, Tensor]:
        """What a record makes of the latent of this variant."""
        if record is None:
            return {}
        if self.variant == 'plain':
            keep = self.shift is not None
            return record.plain(latent, self.index, self.fresh, keep)
        if self.variant == 'shift' and self.shift and self.size:
            shares = [s / side for s, side in zip(self.shift, self.size)]
            return record.rolled(latent, shares)
        return {}


class _Enough(Exception):
    """Every tap was read; the rest of the model need not run."""


def _finite(batch: Tensor, names: Sequence[str]) -> np.ndarray:
    bad = ~torch.isfinite(batch).all(dim=1)
    if bad.any():
        name = names[int(bad.nonzero()[0])]
        raise InputError(
            f'the latent of "{name}" holds NaN or infinity; look at the '
            'checkpoint and at that image.'
        )
    return batch.float().cpu().numpy()
