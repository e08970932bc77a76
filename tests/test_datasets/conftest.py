import numpy as np
import pytest
from scipy.io import savemat


def _write_mat(path, images, key='anno_val_aligned'):
    """Images as ``(name, rows)`` in the cells of the official files."""
    cells = np.empty((1, len(images)), dtype=object)
    for i, (name, rows) in enumerate(images):
        rows = np.array(rows, dtype=np.uint16).reshape(-1, 10)
        cells[0, i] = {
            'cityname': name.split('_')[0],
            'im_name': name,
            'bbs': rows if len(rows) else np.zeros((0, 0)),
        }
    savemat(str(path), {key: cells})
    return path


@pytest.fixture
def write_mat():
    return _write_mat
