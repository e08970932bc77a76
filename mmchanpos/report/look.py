"""One look for every figure.

Nothing here touches pyplot, so no window is opened and no state is left
behind.
"""

from itertools import chain, count
from typing import Any, ContextManager, Iterable

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import hsv_to_rgb, to_hex
from matplotlib.figure import Figure as MplFigure

from mmchanpos.latent.kinds import KINDS

#: Width of a page of figures, in inches.
WIDTH = 9.6
#: Told apart by colour-blind readers too: Okabe and Ito's, then Tol's.
COLOURS = (
    '#0072b2',
    '#d55e00',
    '#009e73',
    '#cc79a7',
    '#e69f00',
    '#56b4e9',
    '#000000',
    '#882255',
    '#999933',
    '#661100',
    '#6699cc',
    '#117733',
)
#: Words that are no kind of ranking but mean the same in every figure.
_COLOUR_OF = {'center': '#cc79a7', 'nothing': '#cfcfcf'}

_LOOK: Any = {
    'font.family': 'DejaVu Sans',
    'font.size': 9,
    'axes.titlesize': 10,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.prop_cycle': cycler(color=COLOURS),
    'grid.color': '#e6e6e6',
    'legend.frameon': False,
    'legend.fontsize': 8,
    'lines.linewidth': 1.8,
    'lines.markersize': 4,
    'image.interpolation': 'nearest',
    # Names with dollar signs are no formulas.
    'text.parse_math': False,
    'svg.fonttype': 'none',
    # The same numbers give the same bytes.
    'svg.hashsalt': 'mmchanpos',
}


def look() -> ContextManager[None]:
    """Draw in the look of the package; matplotlib's own stays untouched."""
    return matplotlib.rc_context(_LOOK)


def canvas(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (3.4, 2.6)
) -> tuple[MplFigure, np.ndarray]:
    """Make an empty figure. Call it inside :func:`look`.

    Args:
        rows (int): Rows of axes. Defaults to 1.
        columns (int): Columns of axes. Defaults to 1.
        size (tuple): Width and height of one of the axes, in inches.

    Returns:
        tuple: The figure and its axes, always a (rows, columns) array.
    """
    figure = MplFigure(
        figsize=(size[0] * columns, size[1] * rows), layout='constrained'
    )
    layout: Any = figure.get_layout_engine()
    layout.set(w_pad=0.06, h_pad=0.09)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def colours(names: Iterable[str]) -> dict[str, str]:
    """A colour for everything that one figure shows, none of them twice.

    Args:
        names (Iterable[str]): A kind of ranking has its own colour in all
            figures; other names get what is left.

    Example:
        >>> found = colours(['random', 'ours', 'theirs'])
        >>> found['random'], len(set(found.values()))
        ('#8a8a8a', 3)
    """
    names = list(names)
    fixed = {**_COLOUR_OF, **{k.name: k.colour for k in KINDS.values()}}
    found = {name: fixed[name] for name in names if name in fixed}
    taken = set(found.values())
    # Colours without end, each far from those before.
    more = (hsv_to_rgb((0.618 * i % 1, 0.6, 0.7)).tolist() for i in count())
    free = (c for c in chain(COLOURS, map(to_hex, more)) if c not in taken)
    return {name: found.get(name) or next(free) for name in names}


def line_style(name: str) -> str:
    """Style of a line: what is there to be compared with is broken."""
    return KINDS[name].line if name in KINDS else '-'
