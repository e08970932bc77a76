"""Where a cell of a map lies, and the position maps that are asked for."""

from typing import Callable

import numpy as np

#: Values of a position map from coordinates x and y in [-1, 1].
Formula = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: Position maps by name.
FORMULAS: dict[str, Formula] = {
    'x': lambda x, y: x,
    'y': lambda x, y: y,
    'radius': np.hypot,
}


def coordinates(rows: int, columns: int) -> np.ndarray:
    """The middle of every cell, x and y from -1 to 1, (2, rows, columns).

    Example:
        >>> coordinates(1, 4)[0]
        array([[-0.75, -0.25,  0.25,  0.75]])
    """
    y, x = ((2 * np.arange(side) + 1) / side - 1 for side in (rows, columns))
    return np.stack(np.meshgrid(x, y))
