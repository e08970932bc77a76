"""A ranking of the channels of a latent.

A ranking is a result: which channels say where things are, strongest first,
together with the tap, the data and the weights it was made with.
"""

from dataclasses import dataclass, field
from typing import Any, Optional, Sequence, Union

import numpy as np

from mmchanpos.errors import InputError, choose
from mmchanpos.files import PathLike, clean, write_json
from mmchanpos.version import __version__

from .kinds import find_kind
from .tap import Tap

#: What is of one ranking alone, not of all of the same latent.
_OWN = {'kind', 'order', 'scores', 'seed', 'notes', 'created_by'}


@dataclass(frozen=True, eq=False)
class ChannelRanking:
    """Channels in the order in which an ablation switches them off.

    Args:
        kind (str): One of :data:`mmchanpos.latent.kinds.KINDS`.
        order (np.ndarray): A permutation of all channels, first the one
            with the highest score.
        scores (np.ndarray, optional): The score of each channel, in
            the channels' own order. Random rankings have none.
        tap (str, optional): Path of the module whose output is the latent.
        output (int | str | Sequence[int], optional): Which of its outputs.
        channel_dim (int): Axis of the channels. Defaults to 1.
        tokens (Sequence[int], optional): As of a tap.
        widths (tuple[int, ...], optional): Channels of each level, where the
            latent has several. Defaults to one level.
        dead (Sequence[int], optional): Channels that are always 0. They
            come last, whatever their scores. Defaults to None: not known.
        means (np.ndarray, optional): Mean activation of each channel,
            which an ablation with ``value='mean'`` puts in its place.
        optimal (np.ndarray, optional): What hurts least there, for
            ``value='optimal'``.
        images (int, optional): How many images the scores rest on.
        dataset, config, checkpoint_sha256 (str, optional): Provenance.
        seed (int, optional): Seed of a random ranking.
        notes (dict): Anything else worth keeping: intervals, stability.
        created_by (str): The program that made it.

    Example:
        >>> ranking = ChannelRanking.from_scores('overall', [.1, .5, .3])
        >>> ranking.order.tolist(), ranking.channels
        ([1, 2, 0], 3)
        >>> ChannelRanking('random', [1, 2, 0], dead=[1]).order.tolist()
        [2, 0, 1]
        >>> path = getfixture('tmp_path') / 'overall.json'
        >>> ranking.save(path)
        >>> ChannelRanking.load(path).top(2)
        [1, 2]
    """

    kind: str
    # Any sequence is taken; these are what it becomes.
    order: np.ndarray
    scores: Optional[np.ndarray] = None
    tap: Optional[str] = None
    output: Any = None
    channel_dim: int = 1
    tokens: Optional[Sequence[int]] = None
    widths: tuple[int, ...] = ()
    dead: Optional[Sequence[int]] = None
    means: Optional[np.ndarray] = None
    optimal: Optional[np.ndarray] = None
    images: Optional[int] = None
    dataset: Optional[str] = None
    config: Optional[str] = None
    checkpoint_sha256: Optional[str] = None
    seed: Optional[int] = None
    notes: dict[str, Any] = field(default_factory=dict)
    created_by: str = f'mmchanpos {__version__}'

    def __post_init__(self):
        find_kind(self.kind)
        self._set('order', _permutation(self.order, self.kind))
        if self.dead is not None:
            self._set('dead', _listed(self.dead, self))
            last = np.isin(self.order, self.dead)
            self._set('order', self.order[np.argsort(last, kind='stable')])
        for name in ('scores', 'means', 'optimal'):
            self._set(name, _finite(getattr(self, name), name, self))
        widths = tuple(self.widths or ()) or (self.channels,)
        if sum(widths) != self.channels:
            raise InputError(
                f'levels of {widths} channels make {sum(widths)}, but the '
                f'ranking "{self.kind}" has {self.channels}.'
            )
        self._set('widths', widths)
        if isinstance(self.output, list):
            self._set('output', tuple(self.output))

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    @classmethod
    def from_scores(
        cls,
        kind: str,
        scores: Union[Sequence[float], np.ndarray],
        **about: Any,
    ) -> 'ChannelRanking':
        """Rank channels by descending score; equal ones keep their order."""
        values = np.asarray(scores, dtype=np.float64)
        order = np.argsort(-values, kind='stable')
        return cls(kind, order, values, **about)

    @property
    def place(self) -> Optional[Tap]:
        """The tap that it was made at, if that is known."""
        if self.tap is None:
            return None
        return Tap(self.tap, self.output, self.channel_dim, self.tokens)

    @property
    def channels(self) -> int:
        """How many channels there are."""
        return len(self.order)

    @property
    def live(self) -> int:
        """How many channels are ever active; all, where that is not known."""
        return self.channels - len(self.dead or ())

    @property
    def live_widths(self) -> tuple[int, ...]:
        """How many channels of each level are ever active."""
        ends = np.cumsum(self.widths)
        level = np.searchsorted(ends, self.dead or (), side='right')
        dead = np.bincount(level.astype(int), minlength=len(ends))
        return tuple((np.array(self.widths) - dead).tolist())

    def top(self, n: int, start: int = 0) -> list[int]:
        """Channels ``order[start:n]``, with a check of the bounds."""
        if not 0 <= start <= n <= self.channels:
            raise InputError(
                f'ranks {start} to {n} were asked for, but the ranking '
                f'"{self.kind}" has {self.channels} channels.'
            )
        return self.order[start:n].tolist()

    def as_dict(self) -> dict[str, Any]:
        """What :meth:`save` writes."""
        content = {'format': 1, 'channels': self.channels, **vars(self)}
        return clean(content)

    def about(self) -> dict[str, Any]:
        """Where the ranking comes from, for another of the same latent."""
        return {k: v for k, v in vars(self).items() if k not in _OWN}

    def save(self, path: PathLike) -> None:
        """Write the ranking as JSON."""
        write_json(path, self.as_dict())

    @classmethod
    def load(
        cls, path: PathLike, kind: Optional[str] = None
    ) -> 'ChannelRanking':
        """Read a ranking of a file, of ``kind`` where it has several.

        Files of the PermuteNet authors are read too (``{"overall": [...]}``).
        """
        from .ranking_file import load_rankings

        rankings = load_rankings(path)
        if kind is None and len(rankings) == 1:
            return rankings[0]
        found = {ranking.kind: ranking for ranking in reversed(rankings)}
        if kind is None:
            raise InputError(
                f'{path} holds the rankings {sorted(found)}; say which.'
            )
        return choose(found, kind, f'{path} has no ranking')


def _permutation(order: Any, kind: str) -> np.ndarray:
    whole = isinstance(order, (list, tuple, range, np.ndarray)) and all(
        isinstance(c, (int, np.integer)) for c in order
    )
    if not whole or not len(order):
        raise InputError(
            f'the ranking "{kind}" has no channels: a list of channel '
            'numbers was wanted as its order.'
        )
    found = np.asarray(order, dtype=np.int64)
    missing = np.setdiff1d(np.arange(len(found)), found)
    if len(missing):
        raise InputError(
            f'the order of the ranking "{kind}" has {len(found)} entries, but '
            f'is no permutation of 0 to {len(found) - 1}; '
            f'channels {missing[:5].tolist()} are missing.'
        )
    return found


def _listed(dead: Any, ranking: ChannelRanking) -> tuple[int, ...]:
    found = np.asarray(dead)
    if not len(found):
        return ()
    if (
        found.ndim != 1
        or found.dtype.kind not in 'iu'
        or len(np.unique(found)) < len(found)
        or not 0 <= found.min() <= found.max() < ranking.channels
    ):
        raise InputError(
            f'dead={list(dead)[:5]} of the ranking "{ranking.kind}" are no '
            f'list of some of its channels, 0 to {ranking.channels - 1}.'
        )
    return tuple(found.tolist())


def _finite(
    values: Any, name: str, ranking: ChannelRanking
) -> Optional[np.ndarray]:
    if values is None:
        return None
    try:
        found = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as e:
        raise InputError(f'{name} of a ranking must be numbers.') from e
    if found.shape != (ranking.channels,):
        raise InputError(
            f'{name} of shape {found.shape} do not fit the '
            f'{ranking.channels} channels of the ranking "{ranking.kind}".'
        )
    if not np.isfinite(found).all():
        bad = np.flatnonzero(~np.isfinite(found))[:5].tolist()
        raise InputError(
            f'{name} of the channels {bad} are not finite: the latent that '
            f'the ranking "{ranking.kind}" was made of holds NaN or infinity.'
        )
    return found
