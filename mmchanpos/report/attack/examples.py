"""What it looks like when channels are off."""

from typing import Any, Optional

import numpy as np

from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report.figures import panels
from mmchanpos.report.section import Section


def example_section(sweep: Sweep) -> Optional[Section]:
    """Image, truth and predictions of what breaks; None if none were kept.

    The region is outlined (Fig. 5).
    """
    if sweep.examples is None:
        return None
    arrays = sweep.examples
    palette = arrays['palette'].astype(np.uint8)
    rows = [
        [image, *(_painted(p, palette) for p in (truth, *predictions))]
        for image, truth, predictions in zip(
            arrays['image'][:3], arrays['truth'], arrays['prediction']
        )
    ]
    region, kind = str(arrays['region']), str(arrays['kind'])
    columns = ['image', 'truth']
    for off, top in zip(arrays['off'].tolist(), arrays['top'].tolist()):
        words = f'{top} {title_of(off)} off' if top else 'nothing off'
        columns.append(words)
    caption = (
        f'The images of all in which {title_of(kind)} break most more than '
        f'random ones: the clearest, not the typical. The frame is the region '
        f'"{region}".'
    )
    box: Any = sweep.boxes.get(region)
    figure = panels('examples', rows, columns, caption=caption, box=box)
    return Section('What it looks like', figures=[figure], name='examples')


def _painted(classes: np.ndarray, palette: np.ndarray) -> np.ndarray:
    # What is ignored has no colour: grey.
    known = classes < len(palette)
    painted = palette[np.where(known, classes, 0)]
    painted[~known] = 128
    return painted
