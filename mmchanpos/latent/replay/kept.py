"""Values of a model that are kept without a copy, and whether they last."""

from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map_only


class Kept:
    """Tensors, also nested, kept as they are: tells whether they still are.

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
