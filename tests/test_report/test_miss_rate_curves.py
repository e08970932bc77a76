import pytest

from mmchanpos.errors import InputError
from mmchanpos.report.miss_rate_curves import miss_rate_curves

NOBODY = {'mr': -1.0, 'ap': -1.0, 'people': 0, 'fppi': [], 'miss': []}


def test_curves_keep_every_point_and_skip_empty_setups():
    some = {
        'mr': 0.5,
        'ap': 0.4,
        'people': 2,
        'fppi': [0.0, 0.1],
        'miss': [0.5, 0.5],
    }
    figure = miss_rate_curves({'Reasonable': some, 'Small': NOBODY})
    assert b'mathdefault' not in figure.bytes('svg')
    assert figure.data.rows == [
        ['Reasonable', 0.0, 0.5],
        ['Reasonable', 0.1, 0.5],
    ]
    assert figure.bytes()[:4] == b'\x89PNG'
    labels = [line.get_label() for line in figure.image.axes[0].lines]
    assert labels == ['50.00% Reasonable']


def test_nothing_to_draw_is_an_error():
    with pytest.raises(InputError, match='no setup'):
        miss_rate_curves({'Small': NOBODY})
