"""How much the task needs each channel, which is not what position it codes.

All of it is computed on latents that are kept: a head is a function from a
latent (B, C, ...) to a loss of each image (B,). What a channel is worth to
the head bounds what any attack can do, and shows whether a ranking of
position finds more than what is important anyway.
"""

from typing import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from mmchanpos.errors import InputError

#: From a latent (B, C, ...) to the loss of each image, (B,).
Loss = Callable[[Tensor], Tensor]
#: A latent, and the loss of its images.
Kept = tuple[Tensor, Loss]


def taylor(kept: Iterable[Kept], absolute: bool = False) -> np.ndarray:
    """First-order rise of the loss when a channel goes, mean over images.

    Args:
        kept (iterable): Latents with their losses.
        absolute (bool): Mean of the magnitudes image by image instead, as
            Taylor pruning has it. Defaults to False.

    Returns:
        ndarray: (n, C), one row per image; their mean is the score.

    Example:
        >>> weights = torch.tensor([1., 0., -2.])
        >>> head = lambda z: z.mean((2, 3)) @ weights
        >>> taylor([(torch.ones(1, 3, 2, 2), head)])
        array([[-1., -0.,  2.]])
    """
    rows = []
    for latent, loss in kept:
        gradient = _gradient(latent, loss)
        change = -_pooled(latent * gradient)
        rows.append(change.abs() if absolute else change)
    return _rows(rows)


def integrated_gradients(kept: Iterable[Kept], steps: int = 16) -> np.ndarray:
    """What each channel adds to the loss on the way from nothing to all.

    Args:
        kept (iterable): Latents with their losses.
        steps (int): Points on the way, in the middle of equal parts.

    Returns:
        ndarray: (n, C); the sum over channels is the loss without any channel
        minus the loss with all, up to the steps.
    """
    rows = []
    for latent, loss in kept:
        total = torch.zeros_like(latent)
        for step in range(steps):
            total += _gradient((step + 0.5) / steps * latent, loss)
        rows.append(-_pooled(latent * total / steps))
    return _rows(rows)


@torch.no_grad()
def single_removal(kept: Iterable[Kept]) -> np.ndarray:
    """Rise of the loss when one channel alone is switched off, for every one.

    Returns:
        ndarray: (n, C).
    """
    rows = []
    for latent, loss in kept:
        whole = loss(latent)
        changes = []
        for channel in range(latent.shape[1]):
            cut = latent.clone()
            cut[:, channel] = 0
            changes.append(loss(cut) - whole)
        rows.append(torch.stack(changes, dim=1))
    return _rows(rows)


def optimal_constants(
    kept: Sequence[Kept], channels: Sequence[int], steps: int = 100
) -> np.ndarray:
    """The constants that hurt least in the place of channels, together.

    They start from the means and go down the loss of all images with Adam,
    each in steps of its channel's own spread. About half of the channels at
    most are replaced, others for every batch and step, so that one set of
    constants serves many ablations.

    Args:
        kept (sequence): Latents with their losses.
        channels (Sequence[int]): Which ones are replaced.
        steps (int): How often to go down. Defaults to 100.

    Returns:
        ndarray: (C,), 0 for channels that stay; for the ``optimal`` of a
        ranking.
    """
    if not kept or not len(channels):
        raise InputError('optimal constants need latents and channels.')
    index = torch.as_tensor(list(channels), device=kept[0][0].device)
    values = torch.cat(
        [z.index_select(1, index).movedim(1, 0).flatten(1) for z, _ in kept], 1
    )
    mean, spread = values.mean(1), values.std(1).clamp_min(1e-6)
    moved = torch.zeros_like(mean, requires_grad=True)
    adam = torch.optim.Adam([moved], lr=0.05)
    rng = torch.Generator().manual_seed(0)
    most = len(index) // 2 + 1
    for _ in range(steps):
        adam.zero_grad()
        for latent, loss in kept:
            # Drawn on the CPU, so that every device draws the same.
            many = int(torch.randint(1, most + 1, (), generator=rng))
            part = torch.randperm(len(index), generator=rng)[:many]
            part = part.to(index.device)
            constants = (mean + spread * moved)[part]
            filled = constants.view(-1, *[1] * (latent.ndim - 2)).expand(
                len(latent), -1, *latent.shape[2:]
            )
            loss(latent.index_copy(1, index[part], filled)).sum().backward()
        adam.step()
    found = np.zeros(kept[0][0].shape[1])
    found[list(channels)] = (mean + spread * moved).detach().cpu().numpy()
    return found


def _gradient(latent: Tensor, loss: Loss) -> Tensor:
    with torch.enable_grad():
        point = latent.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(loss(point).sum(), point)
    return gradient


def _pooled(change: Tensor) -> Tensor:
    return change.flatten(2).sum(2) if change.ndim > 2 else change


def _rows(rows: Sequence[Tensor]) -> np.ndarray:
    if not rows:
        raise InputError('no latents were kept to measure importance on.')
    return torch.cat(list(rows)).double().cpu().numpy()
