"""What share of a net's weights is too small to do anything."""

from typing import Mapping

import torch
from torch import Tensor

#: Below this a single-precision number is denormal.
TINY = torch.finfo(torch.float32).tiny


def dead_weights(weights: Mapping[str, Tensor]) -> dict[str, float]:
    """Shares of denormal weights, and of filters without any other.

    Weight decay drives the weights of a channel that is never active to about
    1e-40. They are harmless but for speed (see :mod:`mmchanpos.compat`), and
    a ranking has nothing to say about such channels.

    Args:
        weights (Mapping): A state dict. Tensors of less than two
            dimensions, biases and statistics, do not count.

    Returns:
        dict: ``denormal``, the share of all weights, and
        ``dead``, the share of the rows or filters of which every weight is
        denormal or 0.

    Example:
        >>> bits = torch.tensor([[1, 0], [2**29, 2**30]], dtype=torch.int32)
        >>> shares = dead_weights({'w': bits.view(torch.float32)})
        >>> shares == {'denormal': 0.25, 'dead': 0.5}
        True
    """
    denormal = dead = size = rows = 0
    for weight in weights.values():
        if weight.ndim < 2 or not weight.is_floating_point():
            continue
        # Compared as whole numbers: a processor that flushes denormal numbers
        # reads them as 0.
        bits = weight.detach().float().cpu().view(torch.int32) & 0x7FFFFFFF
        small = bits < torch.tensor(TINY).view(torch.int32)
        denormal += int((small & (bits > 0)).sum())
        dead += int(small.flatten(1).all(1).sum())
        size += small.numel()
        rows += len(small)
    return {'denormal': denormal / max(size, 1), 'dead': dead / max(rows, 1)}


def in_words(shares: Mapping[str, float]) -> str:
    """The shares in words.

    Example:
        >>> in_words({'denormal': 0.25, 'dead': 0.5})
        '25 % of the weights are denormal, 50 % of the filters dead'
    """
    return (
        f'{100 * shares["denormal"]:.3g} % of the weights are denormal, '
        f'{100 * shares["dead"]:.3g} % of the filters dead'
    )
