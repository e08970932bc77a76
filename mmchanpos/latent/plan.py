"""Which ablations a sweep makes: rankings times top N or rank windows."""

from typing import Any, Optional, Sequence

import numpy as np

from mmchanpos.errors import InputError, choose

from .ablation import Ablation
from .controls import matched_ranking, random_ranking
from .erasers import Eraser
from .kinds import KINDS, names
from .ranking import ChannelRanking


def plan_sweep(
    rankings: Sequence[ChannelRanking],
    kinds: Optional[Sequence[str]] = None,
    tops: Optional[Sequence[int]] = None,
    windows: Sequence[Sequence[int]] = (),
    random: int = 5,
    matched: int = 5,
    seed: int = 0,
    value: str = 'zero',
    per_level: bool = False,
    erasers: Sequence[Eraser] = (),
    ranks: Sequence[int] = (1, 2),
) -> list[Ablation]:
    """List the ablations of a sweep; the first one switches nothing off.

    Args:
        rankings (Sequence[ChannelRanking]): Of one latent; ``'magnitude'``
            must be among them for matched channels.
        kinds (Sequence[str], optional): Which of them to sweep. Defaults
            to the usual ones of :data:`~mmchanpos.latent.kinds.KINDS`.
        tops (Sequence[int], optional): Every N to switch off the top N for.
            Defaults to :func:`usual_tops` where there are no windows.
        windows (Sequence[Sequence[int]]): Every (start, stop) window of ranks.
        random (int): Draws of random channels, for every N. Defaults to 5.
        matched (int): Draws of channels as active as those of the ranking,
            for every N and ranking. Defaults to 5.
        seed (int): Of the first draw, the next ones count on. Defaults to 0.
        value (str): What replaces the channels. Defaults to ``'zero'``.
        per_level (bool): Count N on every level of a pyramid. Defaults to
            False.
        erasers (Sequence[Eraser]): Of the same latent, whose directions
            are taken away too. Defaults to none.
        ranks (Sequence[int]): Every number of directions, as far as an
            eraser has so many. Defaults to 1 and 2.

    Returns:
        list[Ablation]: N grows within each ranking.

    Example:
        >>> ranking = ChannelRanking('overall', [2, 0, 1])
        >>> plan = plan_sweep([ranking], tops=[1, 2], random=1, matched=0)
        >>> [ablation.name for ablation in plan]
        ['random top 0', 'overall top 1', 'overall top 2', 'random top 1', \
'random top 2']
    """
    known = {ranking.kind: ranking for ranking in rankings}
    kinds = _chosen(kinds, known)
    first = known[kinds[0]]
    if tops is None and not windows:
        sizes = first.live_widths
        tops = usual_tops(min(sizes) if per_level else sum(sizes))
    stops = sorted({int(top) for top in tops or ()} - {0})
    asked = {(int(start), int(stop)) for start, stop in windows}
    if not stops and not asked:
        raise InputError('a sweep needs tops, windows or both.')
    # The first window of ranks may be a top N as well; once is enough.
    spans = sorted(asked - {(0, top) for top in stops})
    curves = [known[kind] for kind in kinds]
    curves += [
        random_ranking(first.channels, seed + draw, **first.about())
        for draw in range(random)
    ]
    if matched and 'magnitude' not in known:
        raise InputError(
            'channels of matched magnitude need the ranking "magnitude", but '
            f'there are only {sorted(known)}: rank anew, or ask for matched=0.'
        )
    for kind in [k for k in kinds if not KINDS[k].control] if matched else ():
        size: Any = known['magnitude'].scores
        curves += [
            matched_ranking(known[kind], size, seed + draw)
            for draw in range(matched)
        ]
    how: dict[str, Any] = dict(value=value, per_level=per_level)
    plan = [Ablation(top=0)]
    for ranking in curves:
        plan += [Ablation(ranking, top=top, **how) for top in stops]
        plan += [
            Ablation(ranking, start=start, stop=stop, **how)
            for start, stop in spans
            if ranking.kind != 'matched'
        ]
    for eraser in erasers:
        plan += [
            Ablation(eraser, top=rank)
            for rank in sorted(set(ranks))
            if 0 < rank <= eraser.rank
        ]
    return plan


def check_plan(
    made: Sequence[str], widths: Sequence[int], **wanted: Any
) -> None:
    """Refuse before a ranking is made what a sweep of it would refuse.

    Args:
        made (Sequence[str]): Kinds of rankings that will be there.
        widths (Sequence[int]): Channels of each level.
        **wanted: Of :func:`plan_sweep`.
    """
    nothing = np.zeros(sum(widths))
    about: dict[str, Any] = dict(
        widths=tuple(widths), means=nothing, optimal=nothing
    )
    rankings = [
        ChannelRanking.from_scores(kind, nothing, **about) for kind in made
    ]
    plan_sweep(rankings, **{**wanted, 'random': 0, 'matched': 0})


def usual_tops(channels: int) -> list[int]:
    """Ten N that show a curve of so many live channels: dense at its start.

    Example:
        >>> usual_tops(2048)
        [20, 41, 102, 205, 307, 410, 512, 819, 1024, 1536]
    """
    shares = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.4, 0.5, 0.75)
    return sorted({max(1, round(share * channels)) for share in shares})


def _chosen(
    kinds: Optional[Sequence[str]], known: dict[str, ChannelRanking]
) -> list[str]:
    if not known:
        raise InputError('there is no ranking to sweep.')
    widths = {ranking.widths for ranking in known.values()}
    if len(widths) > 1:
        raise InputError(
            f'the rankings are of different latents: {sorted(widths)} '
            'channels.'
        )
    if kinds is None:
        return [k for k in names(usual=True) if k in known] or list(known)[:1]
    for kind in kinds:
        choose(known, kind, 'for the sweep there is no ranking')
    if not kinds:
        raise InputError('kinds is empty: name a ranking to sweep.')
    return list(dict.fromkeys(kinds))
