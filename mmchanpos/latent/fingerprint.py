"""What each layer of a model knows of places, on images without a scene."""

import math
from typing import Any, Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .collector import DeltaCollector
from .contents import content
from .coordinates import FORMULAS
from .deltas import Deltas
from .layers import Layer
from .moments import Moments
from .readout import ridge_r2
from .scores import rank

#: Scores of single channels that a fingerprint has.
KINDS = ('anova', 'ramp_x', 'ramp_y', 'ramp_radius', 'border', 'relocation')
#: Channels whose maps are kept.
_SHOWN = 6


def pictures(
    size: Sequence[int], count: int, kind: str = 'mixture', seed: int = 0
) -> Tensor:
    """Images (N, 3, H, W) without a scene, of mean 0 and deviation about 1.

    Args:
        size (Sequence[int]): Height and width.
        count (int): How many.
        kind (str): Of :mod:`mmchanpos.latent.contents`.
        seed (int): Of the first one. Defaults to 0.
    """
    found = [content(kind, (3, *size), seed + i) for i in range(count)]
    return (torch.stack(found) - 0.5) / 0.25


def fingerprint(
    model: nn.Module,
    layers: Sequence[Layer],
    images: Tensor,
    run: Callable[[Tensor], Any],
    maps: bool = True,
) -> list[dict[str, Any]]:
    """Position in every layer, by axis.

    Args:
        model (nn.Module): In evaluation mode.
        layers (Sequence[Layer]): Where to look.
        images (Tensor): What to show, of :func:`pictures`.
        run (Callable): Runs the model on images (B, 3, H, W).
        maps (bool): Keep the mean maps of the channels that know most, and
            move the content for ``relocation``, which takes as many runs of
            the model again. Defaults to True.

    Returns:
        list[dict[str, Any]]: For every layer its name, channels and size;
        ``read``, the held-out R^2 of a linear read-out of each position map;
        ``mean`` and ``most`` over live channels for each score;
        ``channels``, the sorted R^2 of all; and ``top`` channels with maps.
    """
    least = min((layer.size for layer in layers), key=math.prod)
    # By about half of the image, in whole places of the coarsest map.
    half = [
        (places // 2) * side // places
        for places, side in zip(least, images.shape[2:])
    ]
    collector = DeltaCollector(
        model,
        [layer.tap for layer in layers],
        shift=half if maps else None,
        kinds=(),
        covariances=tuple(FORMULAS),
    )
    # A mirrored image costs a run and says nothing of these scores.
    del collector.variants['flip']
    collector.add_all(images.split(4), run)
    return [
        _described(layer, deltas, maps)
        for layer, deltas in zip(layers, collector.deltas())
    ]


def _described(layer: Layer, deltas: Deltas, maps: bool) -> dict[str, Any]:
    scores = {
        kind: np.asarray(rank(deltas, kind, draws=0).scores)
        for kind in KINDS
        if kind != 'relocation' or 'moved' in deltas.vectors
    }
    alive = np.ones(layer.channels, dtype=bool)
    alive[deltas.dead] = False
    # Below 0 means nothing is known, not less than nothing.
    nobody = [] if alive.any() else [0.0]
    live = {k: np.r_[v[alive].clip(0), nobody] for k, v in scores.items()}
    best = np.max([scores[f'ramp_{axis}'] for axis in FORMULAS], axis=0)
    about: dict[str, Any] = dict(
        name=str(layer.tap),
        width=layer.channels,
        live=int(alive.sum()),
        size=list(layer.size),
        read=dict(zip(FORMULAS, _read(deltas.moments))),
        mean={k: float(v.mean()) for k, v in live.items()},
        most={k: float(v.max()) for k, v in live.items()},
        channels=np.sort(best)[::-1].clip(0),
    )
    if maps:
        order = np.argsort(-scores['anova'], kind='stable')[:_SHOWN]
        mean = deltas.maps[0].mean
        about['top'] = [
            dict(
                channel=int(c),
                **{k: float(v[c]) for k, v in scores.items()},
                map=_unit(mean[c]),
            )
            for c in order
        ]
    return about


def _read(halves: Sequence[Moments]) -> np.ndarray:
    """R^2 of the read-out with the best ridge, each half tried once."""
    one, other = halves
    return np.mean([ridge_r2(one, other), ridge_r2(other, one)], axis=0)


def _unit(values: np.ndarray) -> np.ndarray:
    low, high = values.min(), values.max()
    return np.round((values - low) / max(high - low, 1e-12), 3)
