"""Lists of read-outs as products, and their names."""

import pytest

from mmchanpos.errors import InputError
from mmchanpos.models.readouts.posenet_bank import ReadoutBank
from mmchanpos.models.readouts.posenet_spec import ReadoutSpec, expand


def test_products_of_choices():
    specs = expand(
        dict(map=['H', 'V', 'G', 'HS', 'VS'], stages=[1, 2], kernel=[3, 7])
    )
    assert len(specs) == len({s.name for s in specs}) == 20
    assert specs[0] == ReadoutSpec('H', (1,), 3)
    assert len({s.shape for s in specs}) == 4


def test_groups_are_joined_without_repetition():
    specs = expand(
        [dict(map='H', kernel=[1, 3]), dict(map='H', layers=[1, 2])]
    )
    assert [s.name for s in specs] == [
        'H_all_k1_l1_p0_s0',
        'H_all_k3_l1_p0_s0',
        'H_all_k3_l2_p0_s0',
    ]


@pytest.mark.parametrize(
    'spec', [ReadoutSpec('my_map', (1, 3), 7, 2, 1, 12), ReadoutSpec('G')]
)
def test_names_are_read_back(spec):
    assert ReadoutSpec.parse(spec.name) == spec


@pytest.mark.parametrize(
    ('readouts', 'words'),
    [
        ([], 'no read-outs'),
        (dict(kernel=3), 'which map'),
        (dict(map='H', kernl=3), 'Did you mean "kernel"'),
        (dict(map='H', kernel=4), 'kernel=4.* 1, 3, 5, 7 was'),
        (dict(map='H', layers=4), 'layers=4.* 1, 2, 3 was'),
        (dict(map='H', padding=3), 'padding=3.* 0, 1, 2 was'),
        (dict(map='H', stages='last'), 'number of a stage'),
        (dict(map='H', stages=[[]]), 'number of a stage'),
    ],
)
def test_wrong_readouts(readouts, words):
    with pytest.raises(InputError, match=words):
        expand(readouts)


def test_stage_out_of_range():
    four = [2, 2, 2, 2]
    for stages, width in ((1, 4), 4), ((), 8):
        bank = ReadoutBank([ReadoutSpec('H', stages)], four)
        assert bank.layers[0].in_channels == width
    with pytest.raises(InputError, match='f5.*gives 4: f1, f2, f3, f4'):
        ReadoutBank([ReadoutSpec('H', (5,))], four)
    with pytest.raises(InputError, match='f0'):
        ReadoutBank([ReadoutSpec('H', (0,))], four)
