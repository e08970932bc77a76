"""Weights of small nets lie channel by channel where that is faster.

A convolution takes its format from its weights, and all that follows takes
it from the images that leave it, so the weights are all there is to move.
The values stay those of the other format up to rounding.
"""

from statistics import median
from typing import Optional

import torch
from mmengine.logging import MMLogger
from torch import nn

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
    if not convs or _breaks(model, convs):
        return False
    preprocessor = getattr(model, 'data_preprocessor', None)
    asked = getattr(preprocessor, 'channels_last', False)
    width = median(conv.out_channels for conv in convs)
    on_cpu = all(conv.weight.device.type == 'cpu' for conv in convs)
    if not (asked or (on_cpu and width <= NARROW)):
        return False
    model.to(memory_format=torch.channels_last)
    if logger is not None:
        logger.info(
            f'weights in channels_last ({width:g} channels in the median '
            'convolution)'
        )
    return True


def _breaks(model: nn.Module, convs: list[nn.Conv2d]) -> bool:
    """Whether something of the model cannot bear the other format."""
    # oneDNN (torch 2.9, AVX2) writes past the end of its buffers in the
    # backward pass of a strided 1x1 convolution of 3 to 7 channels.
    if any(
        conv.kernel_size == (1, 1)
        and max(conv.stride) > 1
        and conv.in_channels < 8
        for conv in convs
    ):
        return True
    # mmcv's operators read the memory of their input as if it were in the
    # usual format: RoIAlign then pools from the wrong places.
    return any(
        type(m).__module__.startswith('mmcv.ops') for m in model.modules()
    )
