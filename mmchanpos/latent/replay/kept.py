"""Values of a model that are kept without a copy, and whether they last."""

from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map_only


class Kept:
    """What a module gave, kept as it is: tells whether it still is that.

    Args:
        value (Any): Tensors, also nested in tuples, lists and dicts.

    Example:
        >>> import torch
        >>> x = torch.ones(2)
        >>> kept = Kept((x,))
        >>> kept.intact, x.mul_(2) is x, kept.intact
        (True, True, False)
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self._writes = _writes(value)

    @property
    def intact(self) -> bool:
        """Whether nobody wrote into it since."""
        return self._writes == _writes(self.value)


def copied(value: Any) -> Any:
    """The same with a copy of every tensor."""
    return tree_map_only(Tensor, Tensor.clone, value)


def _writes(value: Any) -> tuple[object, ...]:
    parts, _ = tree_flatten(value)
    # Of tensors of the inference mode torch counts nothing: they never last.
    return tuple(
        object() if part.is_inference() else part._version
        for part in parts
        if isinstance(part, Tensor)
    )
