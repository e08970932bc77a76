"""The atlas on the page."""

import numpy as np

from mmchanpos.latent.atlas import Atlas
from mmchanpos.report.attack.atlas import atlas_figure


def test_an_atlas_says_where_its_channels_respond():
    mean = np.zeros((1, 2, 4))
    mean[0, :, 3] = 1
    image = np.zeros((1, 1, 8, 16, 3), np.uint8)
    atlas = Atlas(np.array([5]), mean, image, np.zeros((1, 1, 2)), dict(x=[5]))
    rows = atlas_figure(atlas, 'x').data.rows
    along = [row[1:] for row in rows if row[0] == 5]
    assert along == [
        *(['x', 0.125, 0.0], ['x', 0.375, 0.0]),
        *(['x', 0.625, 0.0], ['x', 0.875, 1.0]),
        *(['y', 0.25, 0.25], ['y', 0.75, 0.25]),
    ]
