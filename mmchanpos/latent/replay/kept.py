"""Values of a model that are kept without a copy, and whether they last."""

from typing import Any, Iterator, Tuple

from torch import Tensor


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
    """The same with a copy of every tensor.

    Args:
        value (Any): As for :class:`Kept`.
    """
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return type(value)((k, copied(v)) for k, v in value.items())
    if isinstance(value, (tuple, list)):
        parts = [copied(part) for part in value]
        named = hasattr(value, '_fields')
        return type(value)(*parts) if named else type(value)(parts)
    return value


def _writes(value: Any) -> Tuple[int, ...]:
    return tuple(tensor._version for tensor in _tensors(value))


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _tensors(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
