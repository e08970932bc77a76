"""One look for every figure.

Nothing here touches pyplot, so no window is opened and no state is left
behind.
"""

from contextlib import contextmanager
from typing import Iterator, Tuple

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as MplFigure

from mmchanpos.latent.kinds import KINDS

#: Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = (
    '#0072B2',
    '#D55E00',
    '#009E73',
    '#CC79A7',
    '#E69F00',
    '#56B4E9',
    '#000000',
)
#: Colours of words that are no kind of ranking, the same in every figure.
COLOUR_OF = {'center': COLOURS[3], 'nothing': '#cfcfcf'}

_LOOK = {
    'font.family': 'DejaVu Sans',
    'font.size': 9,
    'axes.titlesize': 10,
    'axes.titleweight': 'bold',
    'axes.titlelocation': 'left',
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.prop_cycle': matplotlib.cycler(color=COLOURS),
    'grid.color': '#e6e6e6',
    'legend.frameon': False,
    'legend.fontsize': 8,
    'lines.linewidth': 1.8,
    'lines.markersize': 4,
    'image.interpolation': 'nearest',
    'svg.fonttype': 'none',
    # The same numbers give the same bytes.
    'svg.hashsalt': 'mmchanpos',
}


@contextmanager
def look() -> Iterator[None]:
    """Draw in the look of the package; matplotlib's own stays untouched."""
    with matplotlib.rc_context(_LOOK):
        yield


def canvas(
    rows: int = 1, columns: int = 1, size: Tuple[float, float] = (3.4, 2.6)
) -> Tuple[MplFigure, np.ndarray]:
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
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def colour(name: str, position: int = 0) -> str:
    """Colour of a word of the paper, else one by position in the list."""
    if name in KINDS:
        return KINDS[name].colour
    return COLOUR_OF.get(name, COLOURS[position % len(COLOURS)])


def line_style(name: str) -> str:
    """Style of a line: what is there to be compared with is broken."""
    return KINDS[name].line if name in KINDS else '-'
