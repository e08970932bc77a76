"""Error of small maps against a large truth, without enlarging them."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UpsampledMSE(nn.Module):
    r"""Mean squared error of bilinearly up-sampled maps, computed small.

    Up-sampling is linear in each axis, :math:`U_h y U_w^\top`. With
    :math:`U = Q R` the squared error against a truth :math:`t` is
    :math:`\|R_h y R_w^\top - Q_h^\top t Q_w\|^2` plus what no small map could
    reach. The value and the gradient are those of ``F.interpolate`` followed
    by ``F.mse_loss``, for the work of two small products.

    Args:
        truth (Tensor): True maps (..., H, W).
        size (tuple[int, int]): Height and width of the small maps.

    Example:
        >>> truth, small = torch.rand(224, 224), torch.rand(2, 26, 26)
        >>> up = F.interpolate(small[:, None], (224, 224), mode='bilinear')
        >>> wanted = (up[:, 0] - truth).square().mean((1, 2))
        >>> torch.allclose(UpsampledMSE(truth, (26, 26))(small), wanted)
        True
    """

    def __init__(self, truth: Tensor, size: tuple[int, int]) -> None:
        super().__init__()
        truth = truth.double()
        (q_h, r_h), (q_w, r_w) = (
            torch.linalg.qr(_enlarger(small, large))
            for small, large in zip(size, truth.shape[-2:])
        )
        target = q_h.T @ truth @ q_w
        beyond = truth.square().sum((-1, -2))
        beyond -= target.square().sum((-1, -2))
        self.pixels = truth.shape[-2] * truth.shape[-1]
        for name, value in (
            ('rows', r_h),
            ('columns', r_w.T.contiguous()),
            ('target', target),
            ('beyond', beyond),
        ):
            self.register_buffer(name, value.float(), persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """Squared error of each map.

        Args:
            maps (Tensor): (..., h, w).

        Returns:
            Tensor: (...), the mean over the H x W pixels of the truth.
        """
        # Mixed precision would round both products, and so their difference.
        with torch.autocast(maps.device.type, enabled=False):
            error = self.rows @ maps.float() @ self.columns - self.target
            return (error.square().sum((-1, -2)) + self.beyond) / self.pixels


def enlarge(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Bring small maps (B, R, h, w) to (B, R, H, W) as the loss sees them."""
    return F.interpolate(
        maps.float(), size, mode='bilinear', align_corners=False
    )


def _enlarger(small: int, large: int) -> Tensor:
    """Matrix (large, small) of bilinear up-sampling along one axis."""
    units = torch.eye(small, dtype=torch.float64)[None]
    return F.interpolate(units, large, mode='linear', align_corners=False)[0].T
