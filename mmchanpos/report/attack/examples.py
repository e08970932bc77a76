"""What it looks like when channels are off."""

from typing import Optional

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report.figures import Figure, panels
from mmchanpos.report.section import Section


def example_section(sweep: Sweep) -> Optional[Section]:
    """Pictures of what breaks (Fig. 5); None if none were kept."""
    figure = example_figure(sweep)
    if figure is None:
        return None
    return Section('What it looks like', figures=[figure], name='examples')


def example_figure(sweep: Sweep, most: int = 3) -> Optional[Figure]:
    """Image, truth and predictions with the region outlined (Fig. 5).

    Args:
        sweep (Sweep): The sweep.
        most (int): How many images. Defaults to 3.

    Returns:
        Figure: None if the sweep kept no examples.
    """
    if sweep.examples is None:
        return None
    arrays = sweep.examples
    palette = arrays['palette'].astype(np.uint8)
    rows = [
        [image, _painted(truth, palette)]
        + [_painted(p, palette) for p in predictions]
        for image, truth, predictions in zip(
            arrays['image'][:most], arrays['truth'], arrays['prediction']
        )
    ]
    region, kind = str(arrays['region']), str(arrays['kind'])
    off = [f'top {n} off' if n else 'nothing off' for n in arrays['top']]
    columns = ['image', 'truth', *off]
    caption = (
        f'Predictions with the top {title_of(kind)} switched off; the frame '
        f'is the region "{region}".'
    )
    box = sweep.boxes.get(region)
    return panels('examples', rows, columns, caption=caption, box=box)


def _painted(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    # What is ignored has no colour: grey.
    known = classes < len(palette)
    painted = palette[np.where(known, classes, 0)]
    painted[~known] = 128
    return painted
