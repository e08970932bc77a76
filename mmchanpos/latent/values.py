"""What an ablation puts in the place of the channels it switches off.

Every function gets the chosen channels (B, K, ...) with their numbers, the
ablation, and a dict that lives as long as the ablation is in force; it gives
a tensor of the same shape and type.
"""

from typing import Any, Callable

import torch
from torch import Tensor, nn

from mmchanpos.errors import InputError


def zero(chosen, numbers, ablation, state):
    """Nothing, as the paper does; right where a ReLU made the latent."""
    return torch.zeros_like(chosen)


def mean(chosen, numbers, ablation, state):
    """The channel's mean over the data set, which the ranking brings along."""
    return _constants(ablation.ranking.means, chosen, numbers)


def shuffle(chosen, numbers, ablation, state):
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


def resample(chosen, numbers, ablation, state):
    """The map of the image before; zeros for the first, which has none."""
    key = int(numbers[0])
    before = state.get(key)
    if before is None:
        before = torch.zeros_like(chosen[:1])
    if before.shape[2:] != chosen.shape[2:]:
        before = nn.functional.interpolate(before, size=chosen.shape[2:])
    state[key] = chosen[-1:].clone()
    return torch.cat([before, chosen[:-1]])


def optimal(chosen, numbers, ablation, state):
    """The constants that hurt least (Li and Janson, 2024).

    Zeros, and means too, may be values that the head never met, and what that
    breaks is no use of the channel. The ranking brings the constants along,
    see :func:`mmchanpos.latent.importance.optimal_constants`.
    """
    return _constants(ablation.ranking.optimal, chosen, numbers)


def relocate(chosen, numbers, ablation, state):
    """The channel's map as it is when the content sits elsewhere.

    The input of the tapped module is rolled by half of its height and width,
    and the map that comes of it is rolled back: content and strength stay,
    and what the channel says of the place is of another place.
    """
    if 'elsewhere' not in state:
        raise InputError(
            'value="relocate" runs the tapped module once more, which only '
            'ablate(), the hook and the sweep do.'
        )
    return state['elsewhere']


def _constants(values: Any, chosen: Tensor, numbers: Tensor) -> Tensor:
    found = torch.as_tensor(values).to(chosen)[numbers]
    return found.view(-1, *[1] * (chosen.ndim - 2)).expand_as(chosen)


#: By the name that a config gives.
VALUES: dict[str, Callable[[Tensor, Tensor, Any, dict], Tensor]] = {
    value.__name__: value
    for value in (zero, mean, shuffle, resample, optimal, relocate)
}
