"""Which score finds channels that a segmentor needs for position.

Every ranking is asked the same: how much does it cost to switch its top N
off; more than channels as strong, more than channels as important; which
share of what a greedy attack does; and does it still cost as much where the
same content lies at other places?
"""

from dataclasses import asdict, replace
from typing import Any, Mapping, Sequence

import numpy as np
from torch import Tensor

from mmchanpos.statistics import (
    Comparison,
    on_same_images,
    one_against_sample,
    resampled_means,
)

from .cached import Cached, without
from .controls import matched_ranking, random_ranking
from .deltas import Deltas
from .erasers import Eraser, usual_erasers
from .importance import integrated_gradients, single_removal, taylor
from .iou import percent_iou
from .moments import Moments
from .ranking import ChannelRanking
from .readout import residual_r2
from .scores import rank

#: Scores of position that are compared.
KINDS = (
    'overall',
    'scale_free',
    'residual',
    'anova',
    'anova_x',
    'anova_y',
    'ramp',
    'ramp_x',
    'ramp_y',
    'ramp_radius',
    'border',
    'information',
)
#: Shares of the live channels that are switched off.
SHARES = (0.12, 0.3)
#: Random draws on the other side, and resamples of images.
DRAWS, RESAMPLES = 4, 200
#: Up to which R^2 position counts as erased.
ERASED = 0.05


def importance(fitted: Cached) -> dict[str, np.ndarray]:
    """What the head needs by four measures, (C,) each, on 16 images."""
    kept = list(_few(fitted, 16).losses())
    return {
        'taylor': taylor(kept).mean(axis=0),
        'taylor_size': taylor(kept, absolute=True).mean(axis=0),
        'gradients': integrated_gradients(kept, steps=8).mean(axis=0),
        'removal': single_removal(kept).mean(axis=0),
    }


def study(
    fitted: Cached,
    tried: Cached,
    displaced: Mapping[str, Cached],
    deltas: Deltas,
    moved: Tensor,
) -> dict[str, Any]:
    """Compare all scores on one training.

    Args:
        fitted (Cached): Images that importance is measured on, those that
            ``deltas`` are of.
        tried (Cached): Other images, which everything is scored on.
        displaced (Mapping): The same images with their content at other
            places, by the names of :data:`~mmchanpos.latent.cached.PLACES`.
        deltas (Deltas): With maps and covariances.
        moved (Tensor): Latents of ``tried`` as they are when the content
            sits elsewhere, put back in place, for ``relocate``.

    Returns:
        dict: ``base``; ``kinds`` to N to harms in points of mIoU;
        ``greedy``; ``erasers``; ``channels`` with what is encoded and used.
    """
    needed = importance(fitted)
    magnitude = rank(deltas, 'magnitude', draws=0)
    rankings = {kind: rank(deltas, kind, draws=0) for kind in KINDS}
    sizes = np.asarray(magnitude.scores)
    for name, scores in (*needed.items(), ('magnitude', sizes)):
        rankings[name] = ChannelRanking.from_scores(
            'magnitude', scores, **magnitude.about()
        )
    live = magnitude.top(magnitude.live)
    tops = sorted({max(2, round(share * len(live))) for share in SHARES})
    judge = _Judge(tried, displaced, moved)
    found: dict[str, Any] = {}
    for kind, ranking in rankings.items():
        found[kind] = {}
        sides = {'matched': sizes, 'important': needed['removal']}
        for top in tops:
            row = judge.row(ranking.top(top))
            for name, values in sides.items():
                draws = [
                    matched_ranking(ranking, values, i).top(top)
                    for i in range(DRAWS)
                ]
                row[name] = judge.beyond(ranking.top(top), draws)
            found[kind][str(top)] = row
    bound = _greedy(fitted, needed['removal'], live, tops[-1])
    random = [
        random_ranking(magnitude.channels, i, **magnitude.about())
        for i in range(5)
    ]
    return dict(
        images=len(tried),
        base=judge.base,
        displaced={name: c.score() for name, c in displaced.items()},
        live=len(live),
        width=magnitude.channels,
        tops=tops,
        kinds=found,
        greedy={str(top): judge.row(bound[:top]) for top in tops},
        random={
            str(t): float(np.mean([judge.harm(r.top(t)) for r in random]))
            for t in tops
        },
        erasers=_erasers(deltas, tried, rankings, judge),
        channels=dict(
            x=rankings['ramp_x'].scores,
            y=rankings['ramp_y'].scores,
            place=rankings['anova'].scores,
            used=needed['removal'],
        ),
    )


class _Judge:
    """Scores edits on the images that nothing was fitted to."""

    def __init__(
        self, tried: Cached, displaced: Mapping[str, Cached], moved: Tensor
    ) -> None:
        self.tried, self.displaced, self.moved = tried, displaced, moved
        self.plain = tried.areas()
        self.base = float(percent_iou(self.plain.sum(axis=0)))
        self.elsewhere = {name: c.areas() for name, c in displaced.items()}
        self._known: dict[frozenset, np.ndarray] = {}

    def areas(self, off: Sequence[int]) -> np.ndarray:
        key = frozenset(off)
        if key not in self._known:
            self._known[key] = self.tried.areas(without(off))
        return self._known[key]

    def harm(self, off: Sequence[int]) -> float:
        return self.base - float(percent_iou(self.areas(off).sum(axis=0)))

    def row(self, off: Sequence[int]) -> dict[str, Any]:
        found: dict[str, Any] = dict(harm=self.harm(off), displaced={})
        here = _resampled(self.plain) - _resampled(self.areas(off))
        for name, cached in self.displaced.items():
            areas = cached.areas(without(off))
            there = _resampled(self.elsewhere[name]) - _resampled(areas)
            lost = percent_iou(self.elsewhere[name].sum(0)) - percent_iou(
                areas.sum(0)
            )
            comparison = on_same_images(found['harm'] - lost, here - there)
            found['displaced'][name] = asdict(comparison)
        latents = self.tried.latents.clone()
        latents[:, list(off)] = self.moved[:, list(off)]
        elsewhere = replace(self.tried, latents=latents).score()
        return dict(found, relocate=self.base - elsewhere)

    def beyond(
        self, off: Sequence[int], draws: Sequence[Sequence[int]]
    ) -> dict[str, Any]:
        """Harm beyond that of random draws, for new draws and images."""
        harms = np.array([self.harm(draw) for draw in draws])
        others = np.mean([_resampled(self.areas(d)) for d in draws], axis=0)
        comparison: Comparison = one_against_sample(
            self.harm(off) - harms, others - _resampled(self.areas(off))
        )
        return dict(asdict(comparison), answer=comparison.answer)


def _resampled(areas: np.ndarray) -> np.ndarray:
    """Mean IoU of resamples of the images, the same ones every time."""
    return percent_iou(resampled_means(areas, RESAMPLES))


def _greedy(
    fitted: Cached, removal: np.ndarray, live: Sequence[int], top: int
) -> list[int]:
    """Channel by channel what costs most, among those that cost most alone.

    It is the strongest attack that is affordable, and goes by the loss: of few
    images the mIoU moves in steps.
    """
    few = _few(fitted, 8)
    left = sorted(live, key=lambda c: -removal[c])[: 2 * top]
    off: list[int] = []
    for _ in range(top):
        harms = [few.loss(without([*off, channel])) for channel in left]
        off.append(left.pop(int(np.argmax(harms))))
    return off


def _few(cached: Cached, images: int) -> Cached:
    step = max(1, len(cached) // images)
    return cached.part(range(0, len(cached), step)[:images])


def _erasers(
    deltas: Deltas,
    tried: Cached,
    rankings: Mapping[str, ChannelRanking],
    judge: _Judge,
) -> list[dict[str, Any]]:
    """Task metric against what is left to read of places."""
    fitted, others = Moments.merge(deltas.moments), Moments()
    for part in tried.latents.split(tried.batch):
        others.add(part)
    rows = [_row('nothing', 0, judge.base, residual_r2(fitted, others))]
    for eraser in usual_erasers(deltas):
        for top in sorted({1, 2, eraser.rank}):
            some: Eraser = eraser.top(top)
            left = residual_r2(fitted, others, some)
            rows.append(_row(eraser.kind, top, tried.score(some.erased), left))
    for kind in ('overall', 'ramp'):
        order = rankings[kind].order
        keep = np.ones(len(order), dtype=bool)
        written = [max(1, round(s * len(order))) for s in (0.1, 0.25, 0.5)]
        for top, channel in enumerate(order, 1):
            keep[channel] = False
            left = residual_r2(fitted, others, keep=keep.tolist())
            if top in written or left.max() <= ERASED:
                score = judge.base - judge.harm(order[:top].tolist())
                rows.append(_row(f'{kind} zeroed', top, score, left))
            if left.max() <= ERASED:
                break
    return rows


def _row(kind: str, top: int, score: float, left: np.ndarray) -> dict:
    x, y = left.tolist()
    return dict(kind=kind, top=top, score=score, x=x, y=y)
