"""Many read-outs of one shape as one net: each is blind to the others."""

import math
from typing import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

from mmchanpos.errors import InputError

from .posenet_spec import ReadoutSpec


class ReadoutBank(nn.Module):
    """Read-outs of one shape, trained together at the cost of about one.

    The first convolution of all of them is one convolution of the shared
    input, the further ones are one grouped convolution, and batch
    normalization acts on each channel apart. So every read-out computes, and
    learns, what it would alone.

    Args:
        specs (Sequence[ReadoutSpec]): Read-outs of the same
            :attr:`ReadoutSpec.shape`.
        channels (int): Channels of the input.
        norm (bool): Whether to normalize before the activation, as released.
            Defaults to True.
        sigmoid (bool): Whether to end with a sigmoid, as released, which can
            only reach maps in [0, 1]. Defaults to True.

    Example:
        >>> specs = [ReadoutSpec('H'), ReadoutSpec('V')]
        >>> bank = ReadoutBank(specs, channels=8)
        >>> bank(torch.rand(2, 8, 28, 28)).shape
        torch.Size([2, 2, 26, 26])
    """

    def __init__(
        self,
        specs: Sequence[ReadoutSpec],
        channels: int,
        norm: bool = True,
        sigmoid: bool = True,
    ) -> None:
        super().__init__()
        self.specs = list(specs)
        _, kernel, layers, padding = self.specs[0].shape
        count = len(self.specs)
        parts: list[nn.Module] = []
        for layer in range(layers):
            last = layer == layers - 1
            width = count * (1 if last else channels)
            # Not initialized here: that would draw from torch's global
            # generator, and what comes after would depend on how many there
            # are.
            parts.append(
                skip_init(
                    nn.Conv2d,
                    channels if layer == 0 else count * channels,
                    width,
                    kernel_size=kernel,
                    padding=padding,
                    groups=1 if layer == 0 else count,
                )
            )
            if norm:
                parts.append(nn.BatchNorm2d(width))
            if not last:
                parts.append(nn.ReLU(inplace=True))
            elif sigmoid:
                parts.append(nn.Sigmoid())
        self.layers = nn.Sequential(*parts)
        self._start()

    def forward(self, features: Tensor) -> Tensor:
        """Read maps.

        Args:
            features (Tensor): (B, C, H, W).

        Returns:
            Tensor: (B, R, h, w), one channel per read-out. Without padding
            they are smaller than the features by ``kernel - 1`` per layer.
        """
        return self.layers(features)

    def size(self, features: int) -> tuple[int, int]:
        """Height and width of the maps that it reads out of features."""
        _, kernel, layers, padding = self.specs[0].shape
        side = features + layers * (2 * padding + 1 - kernel)
        if side < 1:
            raise InputError(
                f'features of {features}x{features} are too small for the '
                f'read-out {self.specs[0].name}: set feature_size.'
            )
        return side, side

    @torch.no_grad()
    def _start(self) -> None:
        """Xavier weights, from the seed of each read-out and nothing else."""
        convs = [m for m in self.layers if isinstance(m, nn.Conv2d)]
        for i, spec in enumerate(self.specs):
            generator = torch.Generator().manual_seed(spec.seed)
            for conv in convs:
                weight = conv.weight.chunk(len(self.specs))[i]
                area = weight[0, 0].numel()
                fans = area * (weight.shape[0] + weight.shape[1])
                bound = math.sqrt(6 / fans)
                weight.uniform_(-bound, bound, generator=generator)
        for conv in convs:
            nn.init.zeros_(conv.bias)
