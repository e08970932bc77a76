"""The three losses of CSP; all sums run over the batch of one device."""

import torch.nn.functional as F
from torch import Tensor, nn

from mmchanpos.errors import InputError
from mmchanpos.registry import MODELS

from .csp_targets import CSPTargets


@MODELS.register_module()
class CSPCenterLoss(nn.Module):
    """Focal loss on centres, softened around them by a Gaussian.

    With p = sigmoid(logit), C the centres, M the mask and G the Gaussian:
    sum of C (1 - p)^2 (-log p) + (M - C) (1 - G)^4 p^2 (-log(1 - p)), over
    the number of centres. Gradients flow through the focal weights too.

    Args:
        loss_weight (float): Defaults to 0.01.
    """

    def __init__(self, loss_weight: float = 0.01) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, center: Tensor, targets: CSPTargets) -> Tensor:
        """Loss of logits (B, 1, H, W)."""
        logit = center.float()
        p = logit.sigmoid()
        here = targets.center * (1 - p) ** 2 * F.softplus(-logit)
        # A centre in an ignored region has M = 0: it must not count as -1.
        away = (targets.mask - targets.center).clamp(min=0)
        away = away * (1 - targets.gaussian) ** 4
        away = away * p**2 * F.softplus(logit)
        centers = targets.center.sum().clamp(min=1)
        return self.loss_weight * (here + away).sum() / centers


@MODELS.register_module()
class CSPScaleLoss(nn.Module):
    """Relative error of the log heights.

    Args:
        loss_weight (float): Defaults to 1.
        norm (str): ``'smooth_l1'``, as in the paper, or ``'l1'``, as in later
            versions of Pedestron. Defaults to ``'smooth_l1'``.
    """

    def __init__(
        self, loss_weight: float = 1.0, norm: str = 'smooth_l1'
    ) -> None:
        super().__init__()
        if norm not in ('smooth_l1', 'l1'):
            raise InputError(f'norm is "smooth_l1" or "l1", got "{norm}".')
        self.loss_weight = loss_weight
        self.error = F.smooth_l1_loss if norm == 'smooth_l1' else F.l1_loss

    def forward(self, scale: Tensor, targets: CSPTargets) -> Tensor:
        """Loss of log sizes in cells, (B, 1 or 2, H, W)."""
        learnt = (targets.scale_mask > 0).expand_as(targets.scale)
        wanted = targets.scale[learnt]
        relative = wanted + 1e-10
        error = self.error(
            scale.float()[learnt] / relative,
            wanted / relative,
            reduction='sum',
        )
        return self.loss_weight * error / max(1, wanted.numel())


@MODELS.register_module()
class CSPOffsetLoss(nn.Module):
    """Smooth L1 on the rest of the centres, y and x summed.

    Args:
        loss_weight (float): Defaults to 0.1.
    """

    def __init__(self, loss_weight: float = 0.1) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, offset: Tensor, targets: CSPTargets) -> Tensor:
        """Loss of offsets in cells, (B, 2, H, W)."""
        learnt = (targets.center > 0).expand_as(targets.offset)
        error = F.smooth_l1_loss(
            offset.float()[learnt], targets.offset[learnt], reduction='sum'
        )
        return self.loss_weight * error / targets.center.sum().clamp(min=1)
