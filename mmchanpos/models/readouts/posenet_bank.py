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
        channels (Sequence[int]): Channels of every stage of the encoder.
        norm (bool): Whether to normalize before the activation, as released.
            Defaults to True.
        sigmoid (bool): Whether to end with a sigmoid, as released, which can
            only reach maps in [0, 1]. Defaults to True.

    Example:
        >>> specs = [ReadoutSpec('H'), ReadoutSpec('V')]
        >>> bank = ReadoutBank(specs, channels=[5, 3])
        >>> stages = torch.rand(2, 8, 28, 28).split([5, 3], 1)
        >>> bank(stages).shape
        torch.Size([2, 2, 26, 26])
    """

    def __init__(
        self,
        specs: Sequence[ReadoutSpec],
        channels: Sequence[int],
        norm: bool = True,
        sigmoid: bool = True,
    ) -> None:
        super().__init__()
        self.specs = list(specs)
        stages, kernel, layers, padding = self.specs[0].shape
        for stage in stages:
            if not 1 <= stage <= len(channels):
                raise InputError(
                    f'the read-out {self.specs[0].name} wants stage f{stage}, '
                    f'but the encoder gives {len(channels)}: '
                    f'{", ".join(f"f{i + 1}" for i in range(len(channels)))}. '
                    'A backbone returns more with out_indices=(0, 1, ...), '
                    'and taps=[...] names any of its modules.'
                )
        self.stages = [s - 1 for s in stages] or range(len(channels))
        read = sum(channels[i] for i in self.stages)
        count = len(self.specs)
        parts: list[nn.Module] = []
        for layer in range(layers):
            last = layer == layers - 1
            width = count * (1 if last else read)
            # Not initialized here: that would draw from torch's global
            # generator, and what comes after would depend on how many there
            # are.
            parts.append(
                skip_init(
                    nn.Conv2d,
                    read if layer == 0 else count * read,
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

    def forward(self, stages: Sequence[Tensor]) -> Tensor:
        """Read maps.

        Args:
            stages (Sequence[Tensor]): All stages, each (B, C, H, W).

        Returns:
            Tensor: (B, R, h, w), one channel per read-out. Without padding
            they are smaller than the features by ``kernel - 1`` per layer.
        """
        picked = [stages[i] for i in self.stages]
        # To join a single one would be to copy it.
        return self.layers(torch.cat(picked, 1) if picked[1:] else picked[0])

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
