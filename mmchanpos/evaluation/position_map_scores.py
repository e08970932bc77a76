"""Scores of a predicted position map: rank correlation and absolute error."""

from typing import Mapping

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError

#: A prediction whose values span no more than this is constant: rounding
#: alone makes a convolution of a constant image differ from place to place by
#: about 1e-6.
_FLAT = 1e-5


class RankCorrelation:
    """Spearman correlation (SPC) with one truth, ranked once.

    Ties share their mean rank, as in :func:`scipy.stats.spearmanr`. Where
    scipy has no answer, for a prediction without any difference, SPC is 0: a
    constant map tells nothing about position.

    Args:
        truth (Tensor): The true map (H, W).

    Example:
        >>> truth = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
        >>> spc = RankCorrelation(truth)
        >>> spc(torch.stack([truth**3, -truth, torch.ones(2, 2)]))
        tensor([ 1., -1.,  0.], dtype=torch.float64)
    """

    def __init__(self, truth: Tensor) -> None:
        self.shape = tuple(truth.shape)
        values, order = _sorted(truth.reshape(1, -1))
        ranks = _centred_ranks(values)
        self.ranks = torch.empty_like(ranks).scatter_(1, order, ranks)[0]

    def __call__(self, predictions: Tensor) -> Tensor:
        """Correlate every prediction with the truth.

        Args:
            predictions (Tensor): (B, H, W), on any device.

        Returns:
            Tensor: (B, ) in float64, each from -1 to 1.
        """
        _check(predictions, self.shape)
        rows = predictions.flatten(1)
        values, order = _sorted(rows)
        ranks = _centred_ranks(values)
        truth = self.ranks.to(rows.device)
        together = torch.einsum('bn,bn->b', ranks, truth[order])
        scale = (ranks.square().sum(1) * truth.square().sum()).sqrt()
        flat = rows.amax(1) - rows.amin(1) <= _FLAT
        return torch.where(flat | (scale == 0), 0.0, together / scale)


def mean_absolute_error(predictions: Tensor, truth: Tensor) -> Tensor:
    """Mean absolute difference of pixels (MAE).

    From (B, H, W) and (H, W), (B, ) in float64.
    """
    _check(predictions, tuple(truth.shape))
    difference = (predictions - truth.to(predictions)).abs_()
    return difference.flatten(1).mean(1, dtype=torch.float64)


def content_loss_map(
    predictions: Mapping[str, Tensor], truths: Mapping[str, Tensor]
) -> Tensor:
    """Where an image hides its positions: mean error over maps (Eq. 4).

    Args:
        predictions (dict): Predicted maps (..., H, W) by name; the paper takes
            H, V and G.
        truths (dict): True maps (H, W) by the same names.

    Returns:
        Tensor: (..., H, W), the mean over maps of the absolute error.

    Example:
        >>> truth = torch.tensor([[0.0, 1.0]])
        >>> content_loss_map(
        ...     {'H': truth, 'G': 1 - truth}, {'H': truth, 'G': truth}
        ... )
        tensor([[0.5000, 0.5000]])
    """
    if not predictions or set(predictions) - set(truths):
        raise InputError(
            f'maps {sorted(predictions)} were predicted, but the truth is '
            f'known for {sorted(truths)}.'
        )
    errors = [(p - truths[n].to(p)).abs() for n, p in predictions.items()]
    return torch.stack(errors).mean(0)


def _sorted(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Sort each row: its values, and the places that they come from."""
    if rows.device.type != 'cpu':
        return rows.sort(1)
    # numpy sorts with the vector instructions that the processor has.
    order = torch.from_numpy(np.argsort(rows.numpy(), axis=1))
    return rows.gather(1, order), order


def _centred_ranks(values: Tensor) -> Tensor:
    """Ranks of sorted rows less their mean; equal values share their mean."""
    count, length = values.shape
    places = torch.arange(length, dtype=torch.float64, device=values.device)
    ranks = (places - (length - 1) / 2).repeat(count, 1)
    tied = torch.zeros_like(values, dtype=torch.bool)
    tied[:, 1:] = values[:, 1:] == values[:, :-1]
    first = ~tied
    tied[:, :-1] |= tied[:, 1:].clone()
    # Most values are alone and have their rank; the others are few.
    where = tied.flatten().nonzero().squeeze(1)
    starts = first.flatten()[where].nonzero().squeeze(1)
    sizes = torch.diff(starts, append=starts.new_tensor([len(where)]))
    flat = ranks.view(-1)
    shared = flat[where[starts]] + (sizes - 1).double() / 2
    flat[where] = shared.repeat_interleave(sizes)
    return ranks


def _check(predictions: Tensor, shape: tuple[int, ...]) -> None:
    if predictions.ndim != 3 or tuple(predictions.shape[1:]) != shape:
        raise InputError(
            f'predictions of shape {tuple(predictions.shape)} were given for '
            f'a truth of shape {shape}; wanted is (B, H, W) with its H, W.'
        )
    if not torch.isfinite(predictions).all():
        raise InputError(
            'a predicted position map holds NaN or infinity: the read-out did '
            'not converge (try a smaller lr) or its encoder is broken.'
        )
