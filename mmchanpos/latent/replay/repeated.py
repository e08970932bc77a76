"""One image several times in a batch, without a copy."""

from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map_only


def repeated(value: Any, times: int) -> Any:
    """What a module would give for a batch of the same image several times.

    That is views of the same memory of what it gave for the image, tensors
    (1, ...), also nested; None where some tensor is none of one image.

    Example:
        >>> import torch
        >>> repeated({'map': torch.zeros(1, 2)}, 3)['map'].shape
        torch.Size([3, 2])
        >>> repeated(torch.zeros(5, 1, 2), 3) is None
        True
    """
    if times == 1:
        return value
    parts, _ = tree_flatten(value)
    if not all(_is_single(part) for part in parts if isinstance(part, Tensor)):
        return None
    return tree_map_only(
        Tensor, lambda part: part.expand(times, *part.shape[1:]), value
    )


def once(value: Any, times: int) -> Any:
    """Undo :func:`repeated`; a tensor that it did not give stays as it is."""
    if times == 1:
        return value

    def first(part: Tensor) -> Tensor:
        given = part.ndim and part.shape[0] == times and not part.stride(0)
        return part[:1] if given else part

    return tree_map_only(Tensor, first, value)


def same_memory(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors of one shape are the same numbers in one place."""
    # A stride of an axis of one says nothing.
    steps = [
        size == 1 or one == other
        for size, one, other in zip(a.shape, a.stride(), b.stride())
    ]
    # Tensors without memory of their own have no address.
    return (
        (a.dtype, a.device) == (b.dtype, b.device)
        and a.data_ptr() == b.data_ptr() != 0
        and all(steps)
    )


def _is_single(part: Tensor) -> bool:
    return part.ndim > 0 and part.shape[0] == 1
