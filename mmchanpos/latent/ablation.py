"""Switch channels of a latent off, for as long as a ``with`` block lasts."""

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Optional, Sequence

import numpy as np
from torch import Tensor, nn

from mmchanpos.errors import InputError, choose

from .controls import random_ranking
from .erasers import Eraser
from .kinds import names
from .on_device import index_on
from .ranking import ChannelRanking
from .relocated import relocated
from .tap import Latent, Tap, levels, split, widths
from .values import VALUES


@dataclass(frozen=True, eq=False)
class Ablation:
    """Which channels to switch off, and what to put in their place.

    The channels are the first ``top`` of a ranking, the ranks ``start`` to
    ``stop`` of it (Fig. 4, bottom row), or a list of their own. Without a
    ranking and a list they are random: the order then depends on ``seed`` and
    on the width of the latent alone.

    An eraser in the place of a ranking takes its first ``top`` directions
    away from all channels, and switches none of them off.

    Args:
        ranking (ChannelRanking | Eraser, optional): The order of the
            channels.
        top (int, optional): How many of the first channels.
        start (int, optional): First rank of a window.
        stop (int, optional): End of the window, not included.
        channels (Sequence[int], optional): The channels themselves.
        value (str): What replaces them: ``'zero'``; ``'mean'``, the mean over
            the data set, which the ranking brings along; ``'shuffle'``, the
            same values at random places of the map; ``'resample'``, the map
            of the image before (zeros for the first); ``'optimal'`` and
            ``'relocate'``, see :mod:`~mmchanpos.latent.values`. Defaults to
            ``'zero'``; of an eraser it is always ``'erase'``.
        seed (int): Seed of random channels and shuffles. Defaults to 0.
        per_level (bool): Take ``top`` channels of every level of a pyramid
            instead of ``top`` of all. Defaults to False.

    Example:
        >>> ranking = ChannelRanking('overall', [2, 0, 1])
        >>> Ablation(ranking, top=2).indices((3,))
        (2, 0)
        >>> Ablation(ranking, start=1, stop=3).name
        'overall 1-3'
    """

    ranking: Any = None
    top: Optional[int] = None
    start: Optional[int] = None
    stop: Optional[int] = None
    channels: Optional[Sequence[int]] = None
    value: str = 'zero'
    seed: int = 0
    per_level: bool = False

    def __post_init__(self):
        erases = isinstance(self.ranking, Eraser)
        if erases:
            object.__setattr__(self, 'value', 'erase')
        else:
            choose(VALUES, self.value, 'there is no value')
        window = self.start, self.stop
        given = [x is not None for x in (self.top, self.channels)]
        if sum(given) + (window != (None, None)) != 1:
            raise InputError(
                'an ablation takes exactly one of top, start with stop, and '
                f'channels; got top={self.top}, start={self.start}, '
                f'stop={self.stop}, channels={self.channels}.'
            )
        if not any(given) and None in window:
            raise InputError(
                'a rank window needs start and stop; got '
                f'start={self.start}, stop={self.stop}.'
            )
        if erases and (
            self.top is None or not _is_count(self.top) or self.per_level
        ):
            raise InputError(
                f'the eraser "{self.ranking.kind}" takes top=N, a number of '
                'directions, and nothing else.'
            )
        if self.channels is not None:
            self._check_channels(self.channels)
        else:
            self._check_window(*self.window)
        needed, what = _NEEDED.get(self.value, ('', ''))
        if needed and getattr(self.ranking, needed, None) is None:
            raise InputError(
                f'value="{self.value}" needs {what} into the ranking, and '
                'this one has none. Make it again, or take another value.'
            )

    def _check_window(self, start: Any, stop: Any) -> None:
        if not (_is_count(start) and _is_count(stop) and start <= stop):
            raise InputError(
                f'ranks {start!r} to {stop!r} are not whole numbers with '
                '0 <= start <= stop.'
            )
        if isinstance(self.ranking, Eraser):
            self.ranking.top(stop)
        elif self.ranking is not None:
            self.indices(self.ranking.widths)

    def _check_channels(self, given: Any) -> None:
        # Arrays and tensors hold numbers that are none of Python's.
        channels = given.tolist() if hasattr(given, 'tolist') else list(given)
        if not all(map(_is_count, channels)):
            raise InputError(
                f'channels={channels[:8]} are not channel numbers.'
            )
        twice = sorted(c for c, n in Counter(channels).items() if n > 1)
        if twice:
            raise InputError(f'channels {twice[:5]} are listed twice.')
        object.__setattr__(self, 'channels', tuple(map(int, channels)))

    @property
    def window(self) -> tuple[Any, Any]:
        """First rank and end rank of the channels."""
        return (self.start, self.stop) if self.top is None else (0, self.top)

    @property
    def kind(self) -> str:
        """Where the channels come from: a kind of ranking, or a list."""
        if self.channels is not None:
            return 'channels'
        return 'random' if self.ranking is None else self.ranking.kind

    @property
    def name(self) -> str:
        """Short name for logs and tables."""
        if self.channels is not None:
            what = f'{len(self.channels)} channels'
        elif self.top is not None:
            what = f'{self.kind} top {self.top}'
        else:
            what = f'{self.kind} {self.start}-{self.stop}'
        plain = self.value in ('zero', 'erase')
        return what if plain else f'{what} {self.value}'

    def effect(self, widths: Sequence[int]) -> tuple:
        """What it does to a latent; where two agree, one run serves both."""
        chosen = self.indices(widths)
        if not chosen:
            return ()
        if isinstance(self.ranking, Eraser):
            return self.kind, self.top, id(self.ranking)
        return frozenset(chosen), *self.filling

    @property
    def filling(self) -> tuple:
        """What channels are filled with; equal where it is the same."""
        # Two rankings may bring other constants for a channel.
        return self.value, self.value in _NEEDED and self.ranking

    @property
    def excess(self) -> str:
        """A warning if more channels fall than are ever active, or ''."""
        ranked = isinstance(self.ranking, ChannelRanking)
        if not ranked or self.channels is not None:
            return ''
        stop, sizes = self.window[1], self.ranking.live_widths
        most = min(sizes) if self.per_level else sum(sizes)
        if stop <= most:
            return ''
        level = ' of some level' if self.per_level else ''
        return (
            f'{self.name} goes beyond the {most} channels{level} that are '
            f'ever active: {self.ranking.channels - sum(sizes)} of '
            f'{self.ranking.channels} are always 0, and switching them off '
            'changes nothing.'
        )

    def as_dict(self) -> dict[str, Any]:
        """What results and logs say about the ablation."""
        about: dict[str, Any] = {'kind': self.kind, 'value': self.value}
        if self.channels is not None:
            about['channels'] = list(self.channels)
        else:
            about['start'], about['stop'] = self.window
        if self.kind in names(drawn=True):
            about['seed'] = getattr(self.ranking, 'seed', self.seed)
        if self.kind == 'matched':
            about['matches'] = self.ranking.notes.get('matches', 'overall')
        if self.per_level:
            about['per_level'] = True
        return about

    def indices(self, widths: Sequence[int]) -> tuple[int, ...]:
        """The channels, counted through all levels of these widths."""
        total = sum(widths)
        if self.channels is not None:
            beyond = [c for c in self.channels if c >= total]
            if beyond:
                raise InputError(
                    f'channels {beyond[:5]} were asked for, but the latent '
                    f'has {total}.'
                )
            return tuple(self.channels)
        ranking = self.ranking
        if isinstance(ranking, Eraser):
            if list(widths) != [ranking.channels]:
                raise InputError(
                    f'the eraser "{ranking.kind}" is of one level of '
                    f'{ranking.channels} channels, but the latent has '
                    f'{list(widths)}.'
                )
            return tuple(range(total)) if self.top else ()
        if ranking is None:
            ranking = random_ranking(total, self.seed, widths=widths)
        if ranking.channels != total:
            raise InputError(
                f'the ranking "{ranking.kind}" orders {ranking.channels} '
                f'channels, but the latent has {total}'
                + (f' ({list(widths)})' if len(widths) > 1 else '')
                + '. It was made with another tap or model'
                + (f': tap "{ranking.tap}".' if ranking.tap else '.')
            )
        start, stop = self.window
        if not self.per_level:
            return tuple(ranking.top(stop, start))
        if stop > min(widths):
            raise InputError(
                f'ranks {start} to {stop} were asked for on every level, but '
                f'the levels have {list(widths)} channels.'
            )
        ends = np.cumsum(widths)
        level = np.searchsorted(ends, ranking.order, side='right')
        own = [ranking.order[level == i] for i in range(len(ends))]
        return tuple(int(c) for order in own for c in order[start:stop])

    def count(self, latent: Latent, channel_dim: int = 1) -> int:
        """How many channels of this latent fall."""
        if isinstance(self.ranking, Eraser):
            return int(self.top or 0)
        return len(self.indices(widths(latent, channel_dim)))

    def applier(self, channel_dim: int = 1) -> Callable[[Latent], Latent]:
        """A function that gives the latent with the channels replaced.

        It writes nothing into its argument, and gives the very same object
        where no channel falls.
        """
        state: dict[Any, Any] = {}

        def apply(latent: Latent) -> Latent:
            parts = levels(latent)
            sizes = widths(latent, channel_dim)
            groups = split(self.indices(sizes), sizes)
            new = tuple(
                self._fill(parts[place], *group, channel_dim, state, place)
                for place, group in enumerate(groups)
            )
            return new[0] if isinstance(latent, Tensor) else new

        def again(run: Callable, inputs: tuple, latent: Latent) -> None:
            found = relocated(run, inputs, latent, channel_dim)
            state['levels'] = levels(found)

        apply.__dict__['again'] = again if self.value == 'relocate' else None
        return apply

    def _fill(
        self,
        part: Tensor,
        first: int,
        group: tuple[int, ...],
        dim: int,
        state: dict[Any, Any],
        place: int,
    ) -> Tensor:
        if not group:
            return part
        if isinstance(self.ranking, Eraser):
            return self.ranking.top(self.top or 0).erased(part, dim)
        index = index_on(group, part.device)
        if 'levels' in state:
            state['elsewhere'] = state['levels'][place].index_select(1, index)
        chosen = part.index_select(dim, index).movedim(dim, 1)
        new = VALUES[self.value](chosen, index + first, self, state)
        return part.index_copy(dim, index, new.movedim(1, dim))


@contextmanager
def ablate(model: nn.Module, tap: Tap, ablation: Ablation) -> Iterator[None]:
    """Switch the channels off while the block runs, then restore the model.

    Args:
        model (nn.Module): The model, wrapped or not.
        tap (Tap | str): Where the latent is.
        ablation (Ablation): Which channels, and what replaces them.

    Example:
        >>> import torch
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
        >>> with ablate(net, '1', Ablation(channels=[0, 2])):
        ...     out = net(torch.rand(1, 3, 2, 2))
        >>> out[:, [0, 2]].any()
        tensor(False)
    """
    tap = Tap.of(tap)
    with tap.replace(model, ablation.applier(tap.channel_dim)):
        yield


#: What a ranking has to bring along for a value, and in words.
_NEEDED = {
    'mean': ('means', 'the mean activations of tools/rank_channels.py'),
    'optimal': (
        'optimal',
        'the constants that tools/attack.py --value optimal writes',
    ),
}


def _is_count(number: Any) -> bool:
    whole = isinstance(number, (int, np.integer))
    return whole and not isinstance(number, bool) and number >= 0
