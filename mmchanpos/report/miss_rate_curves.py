"""Miss rate against false positives per image, as papers draw it."""

from typing import Any, Mapping

import numpy as np

from mmchanpos.errors import InputError

from .figures import Figure
from .look import WIDTH, canvas, colours, look
from .tables import Table

#: Where the log-average is taken.
LIMITS = (0.01, 1.0)


def miss_rate_curves(content: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw one curve per evaluation setup.

    Args:
        content (Mapping): By setup, ``mr``, ``people``, ``fppi`` and
            ``miss``, as ``CityPersonsMissRate`` writes them to
            ``{prefix}.curves.json``.

    Returns:
        Figure: Both axes logarithmic, with every point in its data.
    """
    drawn = {k: v for k, v in content.items() if v['people']}
    if not drawn:
        raise InputError('there is no setup with people to be found.')
    data = Table('Miss rate', ['setup', 'fppi', 'miss rate'])
    with look():
        image, ((axes,),) = canvas(size=(WIDTH, 4.2))
        tints = colours(drawn)
        for setup, curve in drawn.items():
            axes.plot(
                # A curve starts without any false positive, which a
                # logarithm cannot show: it enters at the left border.
                np.maximum(curve['fppi'], LIMITS[0] / 2),
                curve['miss'],
                color=tints[setup],
                label=f'{100 * curve["mr"]:.2f}% {setup}',
                drawstyle='steps-post',
            )
            for point in zip(curve['fppi'], curve['miss']):
                data.add(setup, *point)
        axes.axvspan(*LIMITS, color='#f2f2f2', zorder=0)
        axes.set(
            xscale='log',
            yscale='log',
            xlim=(LIMITS[0] / 2, 10),
            ylim=(0.02, 1.05),
            xlabel='false positives per image',
            ylabel='miss rate',
        )
        # matplotlib's own are formulas, which no text of ours is.
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter('{x:g}')
            axis.set_minor_formatter('')
        axes.legend()
    caption = (
        'Miss rate against false positives per image; the lower, the better. '
        'MR^-2 averages the logarithm over nine points of the grey band.'
    )
    return Figure('miss_rate', image, caption, data)
