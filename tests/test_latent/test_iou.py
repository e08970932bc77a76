import numpy as np
import pytest

from mmchanpos.latent.iou import percent_iou


def test_percent_iou_leaves_absent_classes_out():
    areas = np.array([[30, 0, 0], [40, 0, 20], [50, 0, 0]])
    assert percent_iou(areas) == pytest.approx(100 * (0.5 + 0) / 2)
    assert np.isnan(percent_iou(np.zeros((3, 2))))
