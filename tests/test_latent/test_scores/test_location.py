import numpy as np
import pytest

from mmchanpos.latent import Regions
from mmchanpos.latent.scores.location import location
from tests.test_latent.test_scores.by_hand import deltas


def score(*cells):
    rows = {f'cell_{i}': rows for i, rows in enumerate(cells)}
    return location(deltas(plain=cells[0], **rows), Regions()).value()


def test_the_cell_explains_all_nothing_or_a_share():
    # Channel 0 depends on the cell alone, channel 1 on the image alone;
    # of channel 2 the cell explains 4 of 5 parts of the variance.
    found = score([[0, 3, 0], [0, 5, 2]], [[8, 3, 4], [8, 5, 6]])
    assert found == pytest.approx([1, 0, 0.8])


def test_a_channel_that_never_changes_scores_nothing():
    cells = np.zeros((2, 3, 2))
    cells[1, :, 0] = 1
    assert score(*cells) == pytest.approx([1, 0])
