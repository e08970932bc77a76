"""What the first channels of each ranking respond to."""

from typing import Any, Optional

import numpy as np

from mmchanpos.latent.atlas import Atlas
from mmchanpos.latent.kinds import title_of
from mmchanpos.latent.sweep import Sweep
from mmchanpos.report.figures import Figure
from mmchanpos.report.lines import name_ends
from mmchanpos.report.look import WIDTH, canvas, colours, look
from mmchanpos.report.section import Section
from mmchanpos.report.tables import Table


def atlas_section(sweep: Sweep) -> Optional[Section]:
    """Mean maps, strongest images and profiles; None if none were kept."""
    atlas = sweep.atlas
    if atlas is None:
        return None
    shown = [kind for kind in sweep.kinds if kind in atlas.shown]
    return Section(
        'What do these channels say?',
        [
            'A channel that codes position responds at one side, top or '
            'bottom of the mean map; one that codes a thing responds where '
            'that thing happens to be.'
        ],
        figures=[atlas_figure(atlas, kind) for kind in shown],
        name='atlas',
    )


def atlas_figure(atlas: Atlas, kind: str) -> Figure:
    """One row per channel: mean map, strongest images, profiles."""
    rows = [atlas.channels.tolist().index(c) for c in atlas.shown[kind]]
    count = atlas.thumbs.shape[1]
    ratio = atlas.thumbs.shape[2] / atlas.thumbs.shape[3]
    wide = WIDTH / (count + 2)
    data = Table('Mean response', ['channel', 'along', 'place', 'response'])
    with look():
        tall = max(wide * ratio, 1.15) + 0.25
        image, axes = canvas(len(rows), count + 2, (wide, tall))
        for line, k in zip(axes, rows):
            _show(line[0], atlas.mean[k], ratio)
            line[0].set_ylabel(f'channel {atlas.channels[k]}', fontsize=8)
            for axis, thumb, (x, y) in zip(
                line[1:-1], atlas.thumbs[k], atlas.places[k]
            ):
                _show(axis, thumb)
                height, width = thumb.shape[:2]
                place = x * width - 0.5, y * height - 0.5
                for size, ink in ((11, 'white'), (9, '#d55e00')):
                    axis.plot(
                        *place, 'o', ms=size, mec=ink, mfc='none', mew=1.6,
                        label='_place',
                    )  # fmt: skip
            _profiles(line[-1], atlas, k, data)
        titles = ['mean map', 'strongest', *[''] * (count - 1), 'response']
        for axis, title in zip(axes[0], titles):
            axis.set_title(title, fontsize=8)
    caption = (
        f'The first {title_of(kind)}. Bright: high mean response over all '
        'images; rings: where a channel is strongest in the images that '
        'excite it most; curves: mean response from left to right (x) and '
        'from top to bottom (y).'
    )
    return Figure(f'atlas-{kind}', image, caption, data)


def _profiles(axis: Any, atlas: Atlas, k: int, data: Table) -> None:
    axis.set(xlim=(0, 1), xticks=[0, 1])
    ends = []
    for name, tint in colours(('x', 'y')).items():
        values = atlas.along(name)[k].tolist()
        steps = ((np.arange(len(values)) + 0.5) / len(values)).tolist()
        axis.plot(steps, values, color=tint, label=name)
        ends.append((steps[-1], values[-1], name, tint))
        for point in zip(steps, values):
            data.add(int(atlas.channels[k]), name, *point)
    name_ends(axis, ends)
    axis.tick_params(labelsize=7)


def _show(
    axis: Any, picture: np.ndarray, ratio: Optional[float] = None
) -> None:
    axis.imshow(picture, cmap='viridis')
    if ratio is not None:  # cells of a map have the shape of the image
        axis.set_aspect(ratio * picture.shape[1] / picture.shape[0])
    axis.set(xticks=[], yticks=[])
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)
