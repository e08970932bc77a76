"""What an ablation puts in the place of the channels it switches off.

Every function gets the chosen channels (B, K, ...) with their numbers, the
ablation, and a dict that lives as long as the ablation is in force; it gives
a tensor of the same shape and type.
"""

from typing import Any, Callable, Dict

import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError


def zero(
    chosen: Tensor, numbers: Tensor, ablation: Any, state: Dict
) -> Tensor:
    """Nothing, as the paper does; right where a ReLU made the latent."""
    return torch.zeros_like(chosen)


def mean(
    chosen: Tensor, numbers: Tensor, ablation: Any, state: Dict
) -> Tensor:
    """The channel's mean over the data set, which the ranking brings along."""
    means = torch.as_tensor(ablation.ranking.means)[numbers.cpu()]
    means = means.to(chosen).view(-1, *[1] * (chosen.ndim - 2))
    return means.expand_as(chosen)


def shuffle(
    chosen: Tensor, numbers: Tensor, ablation: Any, state: Dict
) -> Tensor:
    """The same values at random places, the same ones for every image."""
    if chosen.ndim < 3:
        raise InputError(
            'value="shuffle" moves values about a map, but the latent is one '
            'vector per image; use "zero", "mean" or "resample".'
        )
    rng = torch.Generator().manual_seed(ablation.seed)
    places = torch.randperm(chosen[0, 0].numel(), generator=rng)
    moved = chosen.flatten(2)[..., places.to(chosen.device)]
    return moved.view(chosen.shape)


def resample(
    chosen: Tensor, numbers: Tensor, ablation: Any, state: Dict
) -> Tensor:
    """The map of the image before; zeros for the first, which has none."""
    key = int(numbers[0])
    before = state.get(key)
    if before is None:
        before = torch.zeros_like(chosen[:1])
    if before.shape[2:] != chosen.shape[2:]:
        before = nn.functional.interpolate(before, size=chosen.shape[2:])
    state[key] = chosen[-1:].clone()
    return torch.cat([before, chosen[:-1]])


#: By the name that a config gives.
VALUES: Dict[str, Callable[[Tensor, Tensor, Any, Dict], Tensor]] = {
    'zero': zero,
    'mean': mean,
    'shuffle': shuffle,
    'resample': resample,
}
