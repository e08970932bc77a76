"""Position maps: what PosENet is to read out of an encoder, by formula.

The released ground truth is a handful of 256x256 images that are resized to
the input. Here every map is a formula in the coordinates of the pixels, drawn
in double precision at the size that is wanted, and stretched to [0, 1].
"""

import ast
import math
from typing import Callable, Mapping, Optional, Sequence, Union

import torch
from torch import Tensor

from mmchanpos.errors import InputError

#: From the coordinates of all pixels to the (unscaled) values of a map. Both
#: are (H, W) and go from 0 at the first pixel (left, top) to 1 at the last.
Formula = Callable[[Tensor, Tensor], Tensor]

#: Periods of the stripes from one side to the other.
_STRIPES = 2.5


def _gaussian(x: Tensor, y: Tensor) -> Tensor:
    # Sigma and centre are half the side: pixel 128 of 256, not 127.5.
    height, width = x.shape
    u = 2 * x * (width - 1) / width - 1
    v = 2 * y * (height - 1) / height - 1
    return torch.exp(-(u**2 + v**2) / 2)


def _stripes(t: Tensor, steps: int) -> Tensor:
    phase = (t * (steps - 1) + 0.5) / steps
    return torch.cos(2 * math.pi * _STRIPES * phase)


#: The maps of the paper: horizontal and vertical gradient, two-dimensional
#: Gaussian, horizontal and vertical stripes. H grows with the column while the
#: horizontal stripes HS vary with the row, as in the released files.
MAPS: dict[str, Formula] = {
    'H': lambda x, y: x,
    'V': lambda x, y: y,
    'G': _gaussian,
    'HS': lambda x, y: _stripes(y, y.shape[0]),
    'VS': lambda x, y: _stripes(x, x.shape[1]),
}


def position_map(
    name: str,
    size: Union[int, Sequence[int]],
    value_range: Sequence[float] = (0, 1),
    formulas: Optional[Mapping[str, Union[str, Formula]]] = None,
) -> Tensor:
    """Draw one position map.

    Args:
        name (str): H, V, G, HS or VS, or a name in ``formulas``.
        size (int | Sequence[int]): Height and width.
        value_range (Sequence[float]): Least and greatest value. Defaults to
            (0, 1), as released; the stripes of the paper's tables lived in
            (-1, 1).
        formulas (dict, optional): Maps of one's own: strings or functions of
            ``x`` and ``y``, which go from 0 (left, top) to 1. Strings may use
            arithmetic, ``pi`` and ``abs cos exp max min sin sqrt``.

    Returns:
        Tensor: (H, W) in float32.

    Example:
        >>> position_map('H', (2, 3))
        tensor([[0.0000, 0.5000, 1.0000],
                [0.0000, 0.5000, 1.0000]])
        >>> own = {'border': 'min(x, 1 - x)'}
        >>> position_map('border', 5, formulas=own)[0]
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    height, width = (size, size) if isinstance(size, int) else size
    low, high = value_range
    if not low < high:
        raise InputError(
            f'value_range={tuple(value_range)} is empty; (0, 1) or (-1, 1) '
            'are usual.'
        )
    y = torch.arange(height, dtype=torch.float64) / max(height - 1, 1)
    x = torch.arange(width, dtype=torch.float64) / max(width - 1, 1)
    y, x = torch.meshgrid(y, x, indexing='ij')
    values = _formula(name, formulas or {})(x, y) + torch.zeros_like(x)
    least, most = values.min(), values.max()
    if not torch.isfinite(values).all() or not most > least:
        raise InputError(
            f'the position map "{name}" is constant or not finite at size '
            f'{height}x{width}; a map must tell places apart.'
        )
    values = (values - least) / (most - least)
    return (low + (high - low) * values).float()


def _formula(
    name: str, formulas: Mapping[str, Union[str, Formula]]
) -> Formula:
    known = {**MAPS, **formulas}
    if name not in known:
        raise InputError(
            f'there is no position map "{name}". The maps are '
            f'{", ".join(known)}; one of your own is a formula in x and y, '
            "such as formulas=dict(border='min(x, 1 - x)')."
        )
    formula = known[name]
    return formula if callable(formula) else _parse(name, formula)


_FUNCTIONS = {
    'abs': torch.abs,
    'cos': torch.cos,
    'exp': torch.exp,
    'max': torch.maximum,
    'min': torch.minimum,
    'sin': torch.sin,
    'sqrt': torch.sqrt,
}
_OPERATORS = {
    ast.Add: torch.add,
    ast.Sub: torch.sub,
    ast.Mult: torch.mul,
    ast.Div: torch.div,
    ast.Pow: torch.pow,
    ast.Mod: torch.remainder,
}


def _parse(name: str, text: str) -> Formula:
    """Formula of a string; nothing but arithmetic is ever evaluated."""

    def value(node: ast.AST, names: dict[str, Tensor]) -> Tensor:
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            return torch.tensor(float(node.value), dtype=torch.float64)
        if isinstance(node, ast.Name) and node.id in names:
            return names[node.id]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -value(node.operand, names)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            operator = _OPERATORS[type(node.op)]
            return operator(value(node.left, names), value(node.right, names))
        if isinstance(node, ast.Call) and not node.keywords:
            function = _FUNCTIONS.get(getattr(node.func, 'id', None))
            if function is not None:
                return function(*(value(arg, names) for arg in node.args))
        raise _bad_formula(name, text, ast.unparse(node))

    try:
        tree = ast.parse(text, mode='eval').body
    except SyntaxError as e:
        raise _bad_formula(name, text, str(e)) from e

    def formula(x: Tensor, y: Tensor) -> Tensor:
        pi = torch.tensor(math.pi, dtype=x.dtype)
        try:
            return value(tree, {'x': x, 'y': y, 'pi': pi})
        except TypeError as e:
            raise _bad_formula(name, text, str(e)) from e

    return formula


def _bad_formula(name: str, text: str, part: str) -> InputError:
    known = ['x', 'y', 'pi', *_FUNCTIONS]
    return InputError(
        f'the formula of map "{name}", {text!r}, is not understood ({part}); '
        f'it may use + - * / % ** and {", ".join(known)}.'
    )
