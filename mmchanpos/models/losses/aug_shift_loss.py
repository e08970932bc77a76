"""AugShift: latents of two shifted views of one image shall be equal."""

from itertools import combinations
from typing import Sequence

import torch.nn.functional as F
from mmengine.logging import MessageHub
from torch import Tensor, nn

from mmchanpos.errors import InputError, one_of
from mmchanpos.registry import MODELS


@MODELS.register_module()
class AugShiftLoss(nn.Module):
    """Distance between latents of views of the same images (Eq. 1).

    The third term of l1 + l2 + lambda * MSE(z1, z2). With more than two
    views it is the mean over all pairs of them.

    Args:
        loss_weight (float): lambda; 0 trains on the same views without the
            term. Defaults to 1.0.
        distance (str): ``mse``; ``relative``, which is MSE over the mean
            square of both latents, so that it cannot be lowered by shrinking
            them; or ``cosine``. Defaults to ``'mse'``.
        stop_gradient (bool): Let each view be drawn to the other as it
            stands, instead of both towards each other; this halves the
            gradient. Defaults to False.
        reduction (str): ``mean`` over batch and channels, or ``sum`` over
            channels and mean over the batch. Only for ``mse``.
        warm_up (int): Iterations in which the weight grows linearly from 0
            to lambda. Defaults to 0.

    Example:
        >>> import torch
        >>> loss = AugShiftLoss(loss_weight=0.5)
        >>> loss([torch.zeros(2, 4), torch.full((2, 4), 2.0)])
        tensor(2.)
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        distance: str = 'mse',
        stop_gradient: bool = False,
        reduction: str = 'mean',
        warm_up: int = 0,
    ) -> None:
        super().__init__()
        one_of(('mse', 'relative', 'cosine'), distance, 'there is no distance')
        one_of(('mean', 'sum'), reduction, 'there is no reduction')
        if not (loss_weight >= 0 and warm_up >= 0):
            raise InputError(
                f'loss_weight={loss_weight} and warm_up={warm_up} of '
                'AugShiftLoss: 0 or more was wanted. A negative weight would '
                'drive the views apart.'
            )
        self.loss_weight, self.warm_up = loss_weight, warm_up
        self.distance, self.reduction = distance, reduction
        self.stop_gradient = stop_gradient

    def forward(self, latents: Sequence[Tensor]) -> Tensor:
        """Compare the views.

        Args:
            latents (Sequence[Tensor]): One per view, each (B, C); row i of
                all views belongs to image i.

        Returns:
            Tensor: A scalar, already weighted.
        """
        if len(latents) < 2:
            raise InputError(
                f'AugShift compares views, but got {len(latents)}: set '
                'num_views=2 or more where the views are made.'
            )
        latents = [z.float() for z in latents]
        pairs = list(combinations(latents, 2))
        total = sum(self._between(a, b) for a, b in pairs) / len(pairs)
        return self._weight() * total

    def _between(self, a: Tensor, b: Tensor) -> Tensor:
        if not self.stop_gradient:
            return self._distance(a, b)
        pairs = ((a, b.detach()), (a.detach(), b))
        return sum(self._distance(*pair) for pair in pairs) / 2

    def _distance(self, a: Tensor, b: Tensor) -> Tensor:
        if self.distance == 'cosine':
            return (1 - F.cosine_similarity(a, b)).mean()
        square = (a - b) ** 2
        if self.distance == 'relative':
            scale = (a**2 + b**2).mean() / 2
            return square.mean() / scale.clamp(min=1e-12)
        each = square.sum(1) if self.reduction == 'sum' else square.mean(1)
        return each.mean()

    def _weight(self) -> float:
        # From the message hub, so that a resumed run goes on where it was.
        done = MessageHub.get_current_instance().get_info('iter')
        if done is None or not self.warm_up:
            return self.loss_weight
        return self.loss_weight * min(1.0, (done + 1) / self.warm_up)


def pooled(latent: Tensor) -> Tensor:
    """GAP latent (B, C) of maps (B, C, H, W), tokens (B, N, C) or (B, C)."""
    if latent.ndim == 4:
        return latent.mean((2, 3))
    return latent.mean(1) if latent.ndim == 3 else latent
