"""Weights of small nets lie channel by channel where that is faster.

A convolution takes its format from its weights, and all that follows takes
it from the images that leave it, so the weights are all there is to move.
The values stay those of the other format up to rounding.
"""

from statistics import median
from typing import Optional

import torch
import torch.nn.functional as F
from mmengine.logging import MMLogger
from torch import Tensor, nn

#: Median number of channels of a net's convolutions up to which a CPU trains
#: and tests it faster in channels_last. ResNet-18 for 32x32 images, training
#: step in seconds of one core: width 8 1.36 x, 16 1.1 to 2.5 x, 32 1.15 x
#: (median 96 channels), 48 .97 x (144), 64 .96 x. DeepLabv3 of ResNet-18 at
#: 256 x 512 (128): training .73 x, testing 1.05 x.
NARROW = 96


def suit_memory_format(
    model: nn.Module, logger: Optional[MMLogger] = None
) -> bool:
    """Move a model's weights to channels_last where that is faster.

    By a rule and not by the clock, so that a run that is started again is
    the same run. Weights on a GPU are moved where the data preprocessor is
    told to move the images (``channels_last=True``), and a repeated call
    changes nothing. Gives whether the weights are in channels_last now.
    """
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    unsafe = list(filter(_is_unsafe, convs))
    if not convs or _breaks(model, unsafe):
        return False
    preprocessor = getattr(model, 'data_preprocessor', None)
    asked = getattr(preprocessor, 'channels_last', False)
    width = median(conv.out_channels for conv in convs)
    on_cpu = all(conv.weight.device.type == 'cpu' for conv in convs)
    if not (asked or (on_cpu and width <= NARROW)):
        return False
    model.to(memory_format=torch.channels_last)
    for conv in unsafe:
        conv.__class__ = PickedConv2d
    if logger is not None:
        logger.info(
            f'weights in channels_last ({width:g} channels in the median '
            'convolution)'
        )
    return True


class PickedConv2d(nn.Conv2d):
    """A strided 1x1 convolution, made of the pixels that it looks at.

    oneDNN (torch 2.9) writes past the end of its buffers in the backward pass
    of such a convolution in channels_last, if it has fewer input channels
    than a vector has numbers: 8 with AVX2, 16 with AVX-512. Without a stride
    it does not, and nothing is computed that the stride would not compute.
    """

    def _conv_forward(
        self, input: Tensor, weight: Tensor, bias: Optional[Tensor]
    ) -> Tensor:
        rows, columns = self.stride
        return F.conv2d(
            input[..., ::rows, ::columns], weight, bias, groups=self.groups
        )


def _is_unsafe(conv: nn.Conv2d) -> bool:
    return (
        conv.kernel_size == (1, 1)
        and max(conv.stride) > 1
        and conv.in_channels < 16
        and not isinstance(conv, PickedConv2d)
    )


def _breaks(model: nn.Module, unsafe: list[nn.Conv2d]) -> bool:
    """Whether something of the model cannot bear the other format."""
    if any(type(c) is not nn.Conv2d or c.padding != (0, 0) for c in unsafe):
        return True
    # mmcv's operators read the memory of their input as if it were in the
    # usual format: RoIAlign then pools from the wrong places.
    return any(
        type(m).__module__.startswith('mmcv.ops') for m in model.modules()
    )
