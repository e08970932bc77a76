"""The kernel of :mod:`label_counts`, in Triton.

Every program takes a block of pixels of one prediction. For each pixel it
reads the four logits around it, class by class, keeps the class with the
largest weighted mean, and at the end adds a histogram of its block to that of
the prediction. Weights and means are computed as torch computes them, in
single precision, so that equal logits go to the same class.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor


@triton.jit
def _count(
    logits, code, histogram, C: tl.constexpr, h, w, H, W, step_y, step_x,
    bins, ALIGN: tl.constexpr, BINS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    prediction = tl.program_id(1)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < H * W
    y = (at // W).to(tl.float32)
    x = (at % W).to(tl.float32)
    if ALIGN:
        from_y = y * step_y
        from_x = x * step_x
    else:
        from_y = tl.maximum((y + 0.5) * step_y - 0.5, 0.0)
        from_x = tl.maximum((x + 0.5) * step_x - 0.5, 0.0)
    top = from_y.to(tl.int32)
    left = from_x.to(tl.int32)
    below = tl.minimum(top + 1, h - 1)
    right = tl.minimum(left + 1, w - 1)
    down = from_y - top.to(tl.float32)
    across = from_x - left.to(tl.float32)
    base = logits + prediction * C * h * w
    best = tl.full([BLOCK], float('-inf'), tl.float32)
    label = tl.zeros([BLOCK], tl.int32)
    for c in range(C):
        plane = base + c * h * w
        a = tl.load(plane + top * w + left, inside, 0).to(tl.float32)
        b = tl.load(plane + top * w + right, inside, 0).to(tl.float32)
        d = tl.load(plane + below * w + left, inside, 0).to(tl.float32)
        e = tl.load(plane + below * w + right, inside, 0).to(tl.float32)
        value = (1.0 - down) * ((1.0 - across) * a + across * b) + down * (
            (1.0 - across) * d + across * e
        )
        # Rounded as torch rounds what it enlarges.
        value = value.to(logits.dtype.element_ty).to(tl.float32)
        better = value > best
        best = tl.where(better, value, best)
        label = tl.where(better, c, label)
    # What lies beyond the last pixel goes into a bin beyond the last one.
    bin = tl.where(inside, tl.load(code + at, inside, 0) + label, BINS - 1)
    counts = tl.histogram(bin, BINS)
    number = tl.arange(0, BINS)
    tl.atomic_add(
        histogram + prediction * bins + number,
        counts,
        (number < bins) & (counts > 0),
    )


def count_labels(
    logits: Tensor,
    code: Tensor,
    bins: int,
    align_corners: bool = False,
    block: int = 4096,
) -> Tensor:
    """As :func:`mmchanpos.evaluation.label_counts.label_counts`.

    Of fewer than 8192 bins; a program of the kernel takes ``block`` pixels.
    """
    logits, code = logits.contiguous(), code.contiguous()
    predictions, classes, *small = logits.shape
    counts = torch.zeros(
        (predictions, bins), dtype=torch.int32, device=logits.device
    )
    steps = [
        (s - 1) / max(size - 1, 1) if align_corners else s / size
        for s, size in zip(small, code.shape)
    ]
    grid = triton.cdiv(code.numel(), block), predictions
    _count[grid](
        logits, code, counts, classes, *small, *code.shape, *steps, bins,
        ALIGN=align_corners, BINS=triton.next_power_of_2(bins + 1),
        BLOCK=block,
    )  # fmt: skip
    return counts.long()
