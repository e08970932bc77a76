"""From small logits to counts of classes, without a map of classes.

A segmentor's head puts out logits on a small map. They are enlarged to the
image, each pixel takes its largest, and a metric counts. In a sweep that is
done hundreds of times for an image of which only the counts are wanted; on a
GPU the time goes into writing and reading the large maps. There one kernel
does all three, pixel by pixel, and writes nothing but counts.
"""

from types import ModuleType
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor

#: The kernel holds a histogram of so many bins beside its pixels.
MOST_BINS = 8192


def label_counts(
    logits: Tensor, code: Tensor, bins: int, align_corners: bool = False
) -> Tensor:
    """Count codes of pixels plus the class that logits give to each.

    Args:
        logits (Tensor): Of A predictions of one image, (A, C, h, w); finite.
        code (Tensor): What is added to the class of each pixel, int32,
            (H, W).
        bins (int): Larger than any sum of both.
        align_corners (bool): Of the enlargement, which is bilinear. Defaults
            to False.

    Returns:
        Tensor: int64, (A, bins).

    Example:
        >>> logits = torch.tensor([[[[1.0, 0.0]], [[0.0, 2.0]]]])
        >>> label_counts(logits, torch.tensor([[0, 0, 2, 2]]).int(), 4)
        tensor([[2, 0, 0, 2]])
    """
    kernel = _kernel() if logits.is_cuda and bins < MOST_BINS else None
    if kernel is not None:
        return kernel.count_labels(logits, code, bins, align_corners)
    size, how = tuple(code.shape), dict(align_corners=align_corners)
    counts = []
    # One after the other, as large maps of all of them may not fit.
    for one in logits.split(1):
        large = F.interpolate(one, size, mode='bilinear', **how)
        counts.append(count(code + large.argmax(1)[0].int(), bins))
    return torch.stack(counts)


def count(codes: Tensor, size: int) -> Tensor:
    """How often each number occurs, of numbers that are all below ``size``."""
    codes = codes.flatten()
    if codes.device.type == 'cpu':
        return torch.bincount(codes, minlength=size)
    # bincount asks a GPU for the largest code, and waits.
    counts = torch.zeros(size, dtype=torch.long, device=codes.device)
    return counts.scatter_add_(0, codes.long(), torch.ones_like(codes.long()))


def _kernel() -> Optional[ModuleType]:
    """The fused kernel, where Triton is installed: torch's for GPUs has it."""
    try:
        from . import label_counts_kernel
    except ImportError:
        return None
    return label_counts_kernel
