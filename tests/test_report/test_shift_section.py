"""Tables and figures of shift tests, from the files that the loop writes."""

import numpy as np
import pytest

from mmchanpos.errors import InputError
from mmchanpos.files import write_json, write_npz
from mmchanpos.report.shift_section import shift_section
from mmchanpos.shift import ShiftProtocol, ShiftRecord, merge


def record(folder, name, **fields):
    """Run one test on a net that looks at the left half only."""
    import torch

    def forward(images):
        left = images[..., :4].mean((1, 2, 3))
        return torch.stack([left, 1 - left], 1), left[:, None]

    images = torch.rand(9, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    found = ShiftRecord(ShiftProtocol(**fields))
    found.observe(forward, images, np.arange(9), np.arange(9) % 2)
    state = found.state()
    write_json(folder / f'{name}.json', found.report([state]))
    grid = found.test.grid()
    write_npz(folder / f'{name}.npz', grid=grid, **merge([state]))


def section_of(folder, only=None):
    only = only or [file.stem for file in sorted(folder.glob('*.json'))]
    return shift_section(folder, lambda i: np.full((8, 8, 3), i / 9), {}, only)


@pytest.mark.parametrize(
    'fields',
    [
        dict(exhaustive=True),
        dict(exhaustive=True, axes='diagonal'),
        dict(exhaustive=True, pair='original', axes='x'),
        dict(pair='original', num_shifts=1),
        dict(num_shifts=6, agree=3),
    ],
)
def test_every_kind_of_test_can_be_shown(tmp_path, fields):
    record(tmp_path, 'one', mode='circular', max_shift=2, **fields)
    section = section_of(tmp_path)
    section.save(tmp_path / 'report')
    names = {figure.name for figure in section.figures}
    assert {'accuracy-consistency', 'one-fragile'} <= names
    assert ('one-map' in names) == ('exhaustive' in fields)
    assert len(section.tables[0].rows) == 10


def test_a_shift_that_was_not_tried_is_not_shown_as_wrong(tmp_path):
    record(tmp_path, 'one', exhaustive=True, axes='diagonal', max_shift=2)
    figures = {f.name: f for f in section_of(tmp_path).figures}
    shown = figures['one-fragile'].image.axes[-1].images[0].get_array()
    assert np.ma.getmaskarray(shown).sum() == shown.size - len(shown)


def test_tests_of_one_family_make_one_curve(tmp_path):
    for size in (1, 2, 3):
        record(tmp_path, f'zero-{size}', max_shift=size)
    section = section_of(tmp_path)
    curve = next(f for f in section.figures if f.name == 'shift-size')
    assert [row[:2] for row in curve.data.rows] == [
        ['zero', 1], ['zero', 2], ['zero', 3],
    ]  # fmt: skip


def test_tests_of_two_families_make_two_curves(tmp_path):
    for mode in ('zero', 'circular'):
        for size in (1, 2):
            record(tmp_path, f'cifar-{mode}{size}', mode=mode, max_shift=size)
    curve = next(
        f for f in section_of(tmp_path).figures if f.name == 'shift-size'
    )
    names = [row[0] for row in curve.data.rows]
    assert sorted(names) == ['cifar-circular'] * 2 + ['cifar-zero'] * 2


def test_only_the_named_tests_are_shown(tmp_path):
    record(tmp_path, 'old', max_shift=1)
    record(tmp_path, 'new', max_shift=2)
    table = section_of(tmp_path, ['new']).tables[0]
    assert table.columns == ['', 'new']


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(InputError, match=r'shift_eval\.py writes them'):
        section_of(tmp_path)
